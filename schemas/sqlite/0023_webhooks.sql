-- Where other systems are told of events: kinds is a JSON array of events, position the last event that deliveries were
-- made of.
create table webhook (
  company_id integer not null references company (id),
  id         text    not null,
  url        text    not null,
  kinds      text    not null,
  secret     text    not null,
  is_masked  integer not null,
  is_active  integer not null,
  position   integer not null,
  created_at integer not null,
  primary key (company_id, id)
) strict, without rowid;

-- An event on its way to a webhook. state: queued (behind another of the same subject), waiting, delivered, failed.
create table delivery (
  company_id integer not null,
  webhook_id text    not null,
  seq        integer not null,
  kind       text    not null,
  subject    text    not null,
  body       text    not null,
  state      text    not null,
  at         integer not null,
  attempts   integer not null,
  next_at    integer not null,
  give_up_at integer not null,
  status     integer,
  cause      text,
  done_at    integer,
  primary key (company_id, webhook_id, seq),
  foreign key (company_id, webhook_id) references webhook (company_id, id) on delete cascade
) strict, without rowid;
create index delivery_state on delivery (company_id, webhook_id, state, seq);
create index delivery_at on delivery (company_id, at);
create index delivery_open on delivery (company_id, webhook_id, subject, seq) where state in ('queued', 'waiting');
create index delivery_due on delivery (company_id, next_at) where state = 'waiting';
-- The clock asks for all companies at once.
create index delivery_waiting on delivery (next_at, company_id) where state = 'waiting';

insert into sqlite_stat1 (tbl, idx, stat) values
  ('delivery', 'delivery', '100000 10000 5000 1'),
  ('delivery', 'delivery_state', '100000 10000 5000 2000 1'),
  ('delivery', 'delivery_at', '100000 10000 1'),
  ('delivery', 'delivery_open', '10000 1000 500 2 1'),
  ('delivery', 'delivery_due', '10000 1000 1'),
  ('delivery', 'delivery_waiting', '10000 2 1');
analyze sqlite_schema;
