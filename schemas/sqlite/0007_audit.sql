-- Who did what from where: sign-ins, refusals, settings, exports, reveals, deletions. Rows are added and, when
-- they are old enough, deleted; nothing changes one. id is a UUID of version 7, so that the newest come last;
-- what is a JSON object that holds ids, never a number, a name or a secret.
create table audit (
  company_id integer not null references company (id),
  id         text    not null,
  at         integer not null,
  kind       text    not null,
  login_no   text    not null,
  address    text    not null,
  what       text    not null,
  primary key (company_id, id)
) strict, without rowid;
create index audit_kind on audit (company_id, kind, id);
create index audit_login on audit (company_id, login_no, id);
create index audit_at on audit (company_id, at);
