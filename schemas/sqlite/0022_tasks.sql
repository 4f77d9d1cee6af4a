-- Tickets that are worked on: until when they are to be done, who opened them, and when they were last changed. Null for
-- those of before.
alter table ticket add column due_at integer;
alter table ticket add column opened_by text;
alter table ticket add column updated_at integer;
create index ticket_handler on ticket (company_id, handler_no, id);
create index ticket_status on ticket (company_id, status, id);

-- What became of a ticket: lines is a JSON array of [field, old, new], comment what was said to it.
create table ticket_change (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  ticket_id   integer not null,
  at          integer not null,
  author_no   text    not null,
  author_name text    not null,
  lines       text    not null,
  comment     text,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index ticket_change_ticket on ticket_change (company_id, ticket_id, id);
create index ticket_change_customer on ticket_change (company_id, customer_id);

-- What an agent is to be reminded of, of a customer or of none. state: waiting, told, done. is_next: it came with a
-- follow-up, and the next one takes its place.
create table reminder (
  company_id  integer not null references company (id),
  id          integer not null,
  customer_id integer,
  login_key   text    not null,
  due_at      integer not null,
  content     text    not null,
  state       text    not null,
  is_next     integer not null,
  created_at  integer not null,
  done_at     integer,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index reminder_login on reminder (company_id, login_key, due_at, id);
create index reminder_at on reminder (company_id, due_at, id);
create index reminder_customer on reminder (company_id, customer_id, login_key);
-- The clock asks for all companies at once.
create index reminder_waiting on reminder (due_at, company_id, id) where state = 'waiting';

-- That an agent follows a customer.
create table watch (
  company_id  integer not null,
  login_key   text    not null,
  customer_id integer not null,
  at          integer not null,
  primary key (company_id, login_key, customer_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index watch_customer on watch (company_id, customer_id);

-- Who has a customer open, on which socket, and until when unless he says so again.
create table viewing (
  company_id  integer not null,
  customer_id integer not null,
  login_key   text    not null,
  socket      text    not null,
  until_at    integer not null,
  primary key (company_id, customer_id, login_key, socket),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index viewing_socket on viewing (company_id, socket);
create index viewing_until on viewing (until_at, company_id);

insert into sqlite_stat1 (tbl, idx, stat) values
  ('ticket', 'ticket_handler', '1000000 100000 500 1'),
  ('ticket', 'ticket_status', '1000000 100000 25000 1'),
  ('ticket_change', 'ticket_change', '1000000 100000 1'),
  ('ticket_change', 'ticket_change_ticket', '1000000 100000 5 1'),
  ('ticket_change', 'ticket_change_customer', '1000000 100000 10'),
  ('reminder', 'reminder', '1000000 100000 1'),
  ('reminder', 'reminder_login', '1000000 100000 500 2 1'),
  ('reminder', 'reminder_at', '1000000 100000 5 1'),
  ('reminder', 'reminder_customer', '1000000 100000 5 2'),
  ('reminder', 'reminder_waiting', '10000 5 2 1'),
  ('watch', 'watch', '100000 10000 20 1'),
  ('watch', 'watch_customer', '100000 10000 2'),
  ('viewing', 'viewing', '10000 1000 3 2 1'),
  ('viewing', 'viewing_socket', '10000 1000 2'),
  ('viewing', 'viewing_until', '10000 2 1');
analyze sqlite_schema;
