-- Calls, as telephone systems tell of them. body is the call as a JSON object.
-- missed: 0 no, 1 somebody is to call back, 2 somebody has. handler_key is who is to.
create table call (
  company_id  bigint not null references company (id),
  call_id     text not null,
  started_at  bigint not null,
  ended_at    bigint,
  customer_id bigint,
  missed      bigint not null,
  handler_key text,
  body        text not null,
  primary key (company_id, call_id)
);
create index call_time on call (company_id, started_at, call_id);
create index call_customer on call (company_id, customer_id, started_at);
create index call_open on call (company_id, started_at) where ended_at is null;
create index call_missed on call (company_id, started_at, call_id) where missed = 1;

-- Whose calls they are. is_open: 1 while he is on it.
create table call_agent (
  company_id bigint not null,
  login_key  text not null,
  call_id    text not null,
  started_at bigint not null,
  is_open    bigint not null,
  primary key (company_id, call_id, login_key),
  foreign key (company_id, call_id) references call (company_id, call_id) on delete cascade
);
create index call_agent_time on call_agent (company_id, login_key, started_at, call_id);
create index call_agent_open on call_agent (company_id, login_key) where is_open = 1;

-- What agents do. ends_at is when a state ends by itself, previous what it was before a call, lost_at since when none of his
-- sockets is open.
create table agent_state (
  company_id bigint not null references company (id),
  login_key  text not null,
  state      text not null,
  reason     text,
  since      bigint not null,
  call_id    text,
  previous   text not null,
  ends_at    bigint,
  lost_at    bigint,
  primary key (company_id, login_key)
);
create index agent_state_until on agent_state (company_id, ends_at) where ends_at is not null;
create index agent_state_lost on agent_state (company_id, lost_at) where lost_at is not null;

create table agent_state_log (
  company_id bigint not null references company (id),
  login_key  text not null,
  at         bigint not null,
  state      text not null,
  reason     text,
  primary key (company_id, login_key, at)
);

-- What calls came to in a quarter of an hour, by agent; '' for calls that reached none.
create table call_count (
  company_id   bigint not null references company (id),
  quarter      bigint not null,
  login_key    text not null,
  offered      bigint not null,
  answered     bigint not null,
  missed       bigint not null,
  outgoing     bigint not null,
  connected    bigint not null,
  talk_seconds bigint not null,
  wrap_ups     bigint not null,
  wrap_seconds bigint not null,
  primary key (company_id, quarter, login_key)
);

-- Numbers that are not to be called.
create table blocked_number (
  company_id bigint not null references company (id),
  key        text not null,
  typed      text not null,
  reason     text,
  at         bigint not null,
  author_no  text not null,
  primary key (company_id, key)
);

-- Calls that an agent wants and his telephone makes. digest is that of the token, good once.
create table dial_request (
  company_id  bigint not null references company (id),
  digest      text not null,
  expires_at  bigint not null,
  login_no    text not null,
  customer_id bigint,
  number      text not null,
  used_at     bigint,
  primary key (company_id, digest)
);
create index dial_request_expiry on dial_request (company_id, expires_at);
