-- Where other systems are told of events: kinds is a JSON array of events, position the last event that deliveries were
-- made of.
create table webhook (
  company_id bigint  not null references company (id),
  id         text    not null,
  url        text    not null,
  kinds      text    not null,
  secret     text    not null,
  is_masked  bigint  not null,
  is_active  bigint  not null,
  position   bigint  not null,
  created_at bigint  not null,
  primary key (company_id, id)
);

-- An event on its way to a webhook. state: queued (behind another of the same subject), waiting, delivered, failed.
create table delivery (
  company_id bigint  not null,
  webhook_id text    not null,
  seq        bigint  not null,
  kind       text    not null,
  subject    text    not null,
  body       text    not null,
  state      text    not null,
  at         bigint  not null,
  attempts   bigint  not null,
  next_at    bigint  not null,
  give_up_at bigint  not null,
  status     bigint,
  cause      text,
  done_at    bigint,
  primary key (company_id, webhook_id, seq),
  foreign key (company_id, webhook_id) references webhook (company_id, id) on delete cascade
);
create index delivery_state on delivery (company_id, webhook_id, state, seq);
create index delivery_at on delivery (company_id, at);
create index delivery_open on delivery (company_id, webhook_id, subject, seq) where state in ('queued', 'waiting');
create index delivery_due on delivery (company_id, next_at) where state = 'waiting';
-- The clock asks for all companies at once.
create index delivery_waiting on delivery (next_at, company_id) where state = 'waiting';
