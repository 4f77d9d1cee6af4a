-- How operators sign in: an argon2id hash in PHC form, and whether they still may.
alter table staff add column password text;
alter table staff add column disabled bigint not null default 0;
-- Asked for once a second, and nearly always empty.
create index staff_disabled on staff (company_id, login_key) where disabled = 1;
