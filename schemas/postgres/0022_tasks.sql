-- Tickets that are worked on: until when they are to be done, who opened them, and when they were last changed. Null for
-- those of before.
alter table ticket add column due_at bigint;
alter table ticket add column opened_by text;
alter table ticket add column updated_at bigint;
create index ticket_handler on ticket (company_id, handler_no, id);
create index ticket_status on ticket (company_id, status, id);

-- What became of a ticket: lines is a JSON array of [field, old, new], comment what was said to it.
create table ticket_change (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  ticket_id   bigint  not null,
  at          bigint  not null,
  author_no   text    not null,
  author_name text    not null,
  lines       text    not null,
  comment     text,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index ticket_change_ticket on ticket_change (company_id, ticket_id, id);
create index ticket_change_customer on ticket_change (company_id, customer_id);

-- What an agent is to be reminded of, of a customer or of none. state: waiting, told, done. is_next: it came with a
-- follow-up, and the next one takes its place.
create table reminder (
  company_id  bigint  not null references company (id),
  id          bigint  not null,
  customer_id bigint,
  login_key   text    not null,
  due_at      bigint  not null,
  content     text    not null,
  state       text    not null,
  is_next     bigint  not null,
  created_at  bigint  not null,
  done_at     bigint,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index reminder_login on reminder (company_id, login_key, due_at, id);
create index reminder_at on reminder (company_id, due_at, id);
create index reminder_customer on reminder (company_id, customer_id, login_key);
-- The clock asks for all companies at once.
create index reminder_waiting on reminder (due_at, company_id, id) where state = 'waiting';

-- That an agent follows a customer.
create table watch (
  company_id  bigint  not null,
  login_key   text    not null,
  customer_id bigint  not null,
  at          bigint  not null,
  primary key (company_id, login_key, customer_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index watch_customer on watch (company_id, customer_id);

-- Who has a customer open, on which socket, and until when unless he says so again.
create table viewing (
  company_id  bigint  not null,
  customer_id bigint  not null,
  login_key   text    not null,
  socket      text    not null,
  until_at    bigint  not null,
  primary key (company_id, customer_id, login_key, socket),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index viewing_socket on viewing (company_id, socket);
create index viewing_until on viewing (until_at, company_id);
