-- The customer base of every company, what is known about its customers, and what happened to them.
-- Times are microseconds since 1970 (UTC). Every key begins with the company.

create table company (
  id           integer not null primary key,
  name         text    not null,
  time_zone    text    not null,
  country      text    not null,
  token_secret text    not null
) strict;

-- The last number given out of each kind and the number of customers. One row a company, so that one
-- statement numbers all that a change needs, and so that a company's changes queue up behind it.
create table counter (
  company_id    integer not null primary key references company (id),
  last_customer integer not null default 0,
  last_phone    integer not null default 0,
  last_label    integer not null default 0,
  last_change   integer not null default 0,
  last_feed     integer not null default 0,
  last_event    integer not null default 0,
  customers     integer not null default 0
) strict;

create table service_group (
  company_id integer not null references company (id),
  id         integer not null,
  name       text    not null,
  primary key (company_id, id)
) strict, without rowid;

-- login_key is the login number in lower case: login numbers compare without regard to case.
create table staff (
  company_id integer not null references company (id),
  login_key  text    not null,
  login_no   text    not null,
  name       text    not null,
  role       text    not null,
  primary key (company_id, login_key)
) strict, without rowid;

create table membership (
  company_id integer not null,
  login_key  text    not null,
  group_id   integer not null,
  primary key (company_id, login_key, group_id),
  foreign key (company_id, login_key) references staff (company_id, login_key) on delete cascade,
  foreign key (company_id, group_id) references service_group (company_id, id) on delete cascade
) strict, without rowid;
create index membership_group on membership (company_id, group_id);

-- kind: type, flag, source
create table dictionary_item (
  company_id integer not null references company (id),
  kind       text    not null,
  value      text    not null,
  name       text    not null,
  position   integer not null,
  primary key (company_id, kind, value)
) strict, without rowid;

create table task (
  company_id integer not null references company (id),
  id         integer not null,
  name       text    not null,
  primary key (company_id, id)
) strict, without rowid;

-- kind: text, number, date, option; options is a JSON array of texts
create table custom_field (
  company_id integer not null references company (id),
  id         integer not null,
  name       text    not null,
  kind       text    not null,
  options    text    not null,
  required   integer not null,
  position   integer not null,
  primary key (company_id, id)
) strict, without rowid;

-- An app says which company a signed call is for, so its id is unique in the whole installation.
create table app (
  id         text    not null primary key,
  company_id integer not null references company (id),
  name       text    not null,
  token      text    not null
) strict, without rowid;
create index app_company on app (company_id);

create table nonce (
  company_id integer not null references company (id),
  app_id     text    not null,
  nonce      text    not null,
  expires_at integer not null,
  primary key (company_id, app_id, nonce)
) strict, without rowid;
create index nonce_expiry on nonce (company_id, expires_at);

-- phones and labels hold what a reply shows of them, so that reading a customer is reading one row;
-- the tables phone and customer_label are how a customer is found by them. haystack is the folded text
-- in which a search verifies its candidates.
create table customer (
  company_id     integer not null references company (id),
  id             integer not null,
  version        integer not null,
  name           text,
  company_name   text,
  address        text,
  type_value     text,
  flag_value     text,
  source_value   text,
  task_id        integer,
  owner_key      text,
  owner_no       text,
  group_id       integer,
  star           integer not null,
  follow_count   integer not null,
  last_accept    text,
  assigned_at    integer,
  last_follow_at integer,
  created_at     integer not null,
  created_by     text    not null,
  updated_at     integer not null,
  updated_by     text    not null,
  custom         text,
  phones         text    not null,
  labels         text    not null,
  name_key       text    not null,
  company_key    text    not null,
  haystack       text    not null,
  primary key (company_id, id)
) strict;
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
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  typed       text    not null,
  key         text    not null,
  tail        text    not null,
  primary key (company_id, id),
  unique (company_id, key),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index phone_customer on phone (company_id, customer_id);
create index phone_tail on phone (company_id, tail, customer_id);

create table label (
  company_id integer not null references company (id),
  id         integer not null,
  name       text    not null,
  primary key (company_id, id),
  unique (company_id, name)
) strict, without rowid;

create table customer_label (
  company_id  integer not null,
  customer_id integer not null,
  label_id    integer not null,
  primary key (company_id, customer_id, label_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade,
  foreign key (company_id, label_id) references label (company_id, id) on delete cascade
) strict, without rowid;
create index customer_label_label on customer_label (company_id, label_id, customer_id);

create table customer_term (
  company_id  integer not null,
  term        text    not null,
  customer_id integer not null,
  primary key (company_id, term, customer_id)
) strict, without rowid;

-- The five feeds of a customer. author_* are as they were when it happened: history does not follow renames.
-- change.lines is a JSON array of [field, old, new].
create table change (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  at          integer not null,
  author_no   text    not null,
  author_name text    not null,
  lines       text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index change_customer on change (company_id, customer_id, at, id);

create table ticket (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  at          integer not null,
  title       text    not null,
  content     text    not null,
  handler_no  text    not null,
  status      text    not null,
  urgency     text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index ticket_customer on ticket (company_id, customer_id, at, id);

create table follow_up (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  at          integer not null,
  author_no   text    not null,
  author_name text    not null,
  content     text    not null,
  flag_value  text,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index follow_up_customer on follow_up (company_id, customer_id, at, id);

create table call_log (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  at          integer not null,
  call_type   text    not null,
  outcome     text    not null,
  seconds     integer not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index call_log_customer on call_log (company_id, customer_id, at, id);

-- direction: in, out
create table text_message (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  at          integer not null,
  phone       text    not null,
  content     text    not null,
  direction   text    not null,
  status      text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index text_message_customer on text_message (company_id, customer_id, at, id);

-- What others are told of: written in the transaction of the change, numbered without gaps a company.
-- It outlives its customer. body is a JSON object.
create table event (
  company_id  integer not null references company (id),
  id          integer not null,
  at          integer not null,
  kind        text    not null,
  customer_id integer not null,
  author_no   text    not null,
  body        text    not null,
  primary key (company_id, id)
) strict, without rowid;
