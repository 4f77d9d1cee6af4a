-- The customer base of every company, what is known about its customers, and what happened to them.
-- Times are microseconds since 1970 (UTC). Every key begins with the company.
-- Texts that are searched by prefix collate "C": ranges of code points, as SQLite compares them.

create table company (
  id           bigint  not null primary key,
  name         text    not null,
  time_zone    text    not null,
  country      text    not null,
  token_secret text    not null
);

-- The last number given out of each kind and the number of customers. One row a company, so that one
-- statement numbers all that a change needs, and so that a company's changes queue up behind it.
create table counter (
  company_id    bigint  not null primary key references company (id),
  last_customer bigint  not null default 0,
  last_phone    bigint  not null default 0,
  last_label    bigint  not null default 0,
  last_change   bigint  not null default 0,
  last_feed     bigint  not null default 0,
  last_event    bigint  not null default 0,
  customers     bigint  not null default 0
);

create table service_group (
  company_id bigint  not null references company (id),
  id         bigint  not null,
  name       text    not null,
  primary key (company_id, id)
);

-- login_key is the login number in lower case: login numbers compare without regard to case.
create table staff (
  company_id bigint  not null references company (id),
  login_key  text    not null,
  login_no   text    not null,
  name       text    not null,
  role       text    not null,
  primary key (company_id, login_key)
);

create table membership (
  company_id bigint  not null,
  login_key  text    not null,
  group_id   bigint  not null,
  primary key (company_id, login_key, group_id),
  foreign key (company_id, login_key) references staff (company_id, login_key) on delete cascade,
  foreign key (company_id, group_id) references service_group (company_id, id) on delete cascade
);
create index membership_group on membership (company_id, group_id);

-- kind: type, flag, source
create table dictionary_item (
  company_id bigint  not null references company (id),
  kind       text    not null,
  value      text    not null,
  name       text    not null,
  position   bigint  not null,
  primary key (company_id, kind, value)
);

create table task (
  company_id bigint  not null references company (id),
  id         bigint  not null,
  name       text    not null,
  primary key (company_id, id)
);

-- kind: text, number, date, option; options is a JSON array of texts
create table custom_field (
  company_id bigint  not null references company (id),
  id         bigint  not null,
  name       text    not null,
  kind       text    not null,
  options    text    not null,
  required   bigint  not null,
  position   bigint  not null,
  primary key (company_id, id)
);

-- An app says which company a signed call is for, so its id is unique in the whole installation.
create table app (
  id         text    not null primary key,
  company_id bigint  not null references company (id),
  name       text    not null,
  token      text    not null
);
create index app_company on app (company_id);

create table nonce (
  company_id bigint  not null references company (id),
  app_id     text    not null,
  nonce      text    not null,
  expires_at bigint  not null,
  primary key (company_id, app_id, nonce)
);
create index nonce_expiry on nonce (company_id, expires_at);

-- phones and labels hold what a reply shows of them, so that reading a customer is reading one row;
-- the tables phone and customer_label are how a customer is found by them. haystack is the folded text
-- in which a search verifies its candidates.
create table customer (
  company_id     bigint  not null references company (id),
  id             bigint  not null,
  version        bigint  not null,
  name           text,
  company_name   text,
  address        text,
  type_value     text,
  flag_value     text,
  source_value   text,
  task_id        bigint,
  owner_key      text,
  owner_no       text,
  group_id       bigint,
  star           bigint  not null,
  follow_count   bigint  not null,
  last_accept    text,
  assigned_at    bigint,
  last_follow_at bigint,
  created_at     bigint  not null,
  created_by     text    not null,
  updated_at     bigint  not null,
  updated_by     text    not null,
  custom         text,
  phones         text    not null,
  labels         text    not null,
  name_key       text    not null,
  company_key    text    not null,
  haystack       text    not null,
  primary key (company_id, id)
);
create index customer_name on customer (company_id, name_key, id);
create index customer_company on customer (company_id, company_key, id);
create index customer_task on customer (company_id, task_id, id);
create index customer_owner on customer (company_id, owner_key, id);
create index customer_group on customer (company_id, group_id, id);
create index customer_type on customer (company_id, type_value, id);
create index customer_flag on customer (company_id, flag_value, id);
create index customer_source on customer (company_id, source_value, id);

-- key is what uniqueness compares; tail the last 11 digits in reverse, so that "ends with" is a prefix.
create table phone (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  typed       text    not null,
  key         text    collate "C" not null,
  tail        text    collate "C" not null,
  primary key (company_id, id),
  unique (company_id, key),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index phone_customer on phone (company_id, customer_id);
create index phone_tail on phone (company_id, tail, customer_id);

create table label (
  company_id bigint  not null references company (id),
  id         bigint  not null,
  name       text    not null,
  primary key (company_id, id),
  unique (company_id, name)
);

create table customer_label (
  company_id  bigint  not null,
  customer_id bigint  not null,
  label_id    bigint  not null,
  primary key (company_id, customer_id, label_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade,
  foreign key (company_id, label_id) references label (company_id, id) on delete cascade
);
create index customer_label_label on customer_label (company_id, label_id, customer_id);

create table customer_term (
  company_id  bigint  not null,
  term        text    collate "C" not null,
  customer_id bigint  not null,
  primary key (company_id, term, customer_id)
);

-- The five feeds of a customer. author_* are as they were when it happened: history does not follow renames.
-- change.lines is a JSON array of [field, old, new].
create table change (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  at          bigint  not null,
  author_no   text    not null,
  author_name text    not null,
  lines       text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index change_customer on change (company_id, customer_id, at, id);

create table ticket (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  at          bigint  not null,
  title       text    not null,
  content     text    not null,
  handler_no  text    not null,
  status      text    not null,
  urgency     text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index ticket_customer on ticket (company_id, customer_id, at, id);

create table follow_up (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  at          bigint  not null,
  author_no   text    not null,
  author_name text    not null,
  content     text    not null,
  flag_value  text,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index follow_up_customer on follow_up (company_id, customer_id, at, id);

create table call_log (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  at          bigint  not null,
  call_type   text    not null,
  outcome     text    not null,
  seconds     bigint  not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index call_log_customer on call_log (company_id, customer_id, at, id);

-- direction: in, out
create table text_message (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  at          bigint  not null,
  phone       text    not null,
  content     text    not null,
  direction   text    not null,
  status      text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index text_message_customer on text_message (company_id, customer_id, at, id);

-- What others are told of: written in the transaction of the change, numbered without gaps a company.
-- It outlives its customer. body is a JSON object.
create table event (
  company_id  bigint  not null references company (id),
  id          bigint  not null,
  at          bigint  not null,
  kind        text    not null,
  customer_id bigint  not null,
  author_no   text    not null,
  body        text    not null,
  primary key (company_id, id)
);
