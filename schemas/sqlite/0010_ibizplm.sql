-- What iBiz PLM knows beside the shared customer, in columns, because its clients filter and sort by them. A
-- customer of another system has no row: it is shown with defaults and an id that is worked out (domain/ids.rs).
create table plm_product (
  company_id integer not null references company (id),
  id         text    not null,
  name       text    not null,
  primary key (company_id, id)
) strict, without rowid;

-- role: admin, user, reader
create table plm_member (
  company_id integer not null,
  product_id text    not null,
  login_key  text    not null,
  role       text    not null,
  primary key (company_id, product_id, login_key),
  foreign key (company_id, product_id) references plm_product (company_id, id) on delete cascade,
  foreign key (company_id, login_key) references staff (company_id, login_key) on delete cascade
) strict, without rowid;
create index plm_member_login on plm_member (company_id, login_key);

-- plm_id is the id that a client chose, if one did.
create table plm_customer (
  company_id      integer not null,
  customer_id     integer not null,
  plm_id          text,
  scale           integer,
  description     text,
  logo            text,
  grade_id        text,
  industry_id     text,
  categories      text,
  categories_name text,
  product_id      text,
  is_archived     integer not null,
  is_deleted      integer not null,
  primary key (company_id, customer_id),
  unique (company_id, plm_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade,
  foreign key (company_id, product_id) references plm_product (company_id, id)
) strict, without rowid;
create index plm_customer_product on plm_customer (company_id, product_id, customer_id);
create index plm_customer_grade on plm_customer (company_id, grade_id, customer_id);
create index plm_customer_industry on plm_customer (company_id, industry_id, customer_id);

create table plm_attention (
  company_id  integer not null,
  customer_id integer not null,
  user_id     text    not null,
  name        text,
  type        text    not null,
  created_at  integer not null,
  created_by  text    not null,
  updated_at  integer not null,
  updated_by  text    not null,
  primary key (company_id, customer_id, user_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;

-- The ids are those that clients see; what they stand for need not be here.
create table plm_relation (
  company_id     integer not null references company (id),
  principal_id   text    not null,
  target_id      text    not null,
  principal_type text    not null,
  target_type    text    not null,
  created_at     integer not null,
  created_by     text    not null,
  primary key (company_id, principal_id, target_id)
) strict, without rowid;

-- What a program may do in iBiz PLM beside what the products allow: names joined by commas. Null where the
-- role of who calls decides.
alter table credential add column grants text;

-- The newest changes first.
create index customer_updated on customer (company_id, updated_at, id);

insert into sqlite_stat1 (tbl, idx, stat) values
  ('plm_product', 'plm_product', '1000 100 1'),
  ('plm_member', 'plm_member', '10000 1000 20 1'),
  ('plm_member', 'plm_member_login', '10000 1000 5'),
  ('plm_customer', 'plm_customer', '1000000 100000 1'),
  ('plm_customer', 'sqlite_autoindex_plm_customer_2', '1000000 100000 1'),
  ('plm_customer', 'plm_customer_product', '1000000 100000 5000 1'),
  ('plm_customer', 'plm_customer_grade', '1000000 100000 5000 1'),
  ('plm_customer', 'plm_customer_industry', '1000000 100000 5000 1'),
  ('plm_attention', 'plm_attention', '1000000 100000 5 1'),
  ('plm_relation', 'plm_relation', '1000000 100000 20 1'),
  ('customer', 'customer_updated', '1000000 100000 2 1');
analyze sqlite_schema;
