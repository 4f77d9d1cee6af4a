-- What a write with a requestId answered, so that sending it again carries nothing out twice.
-- fingerprint: of the operation and its parameters. outcome: JSON from which the answer is made again.
create table request (
  company_id  bigint  not null references company (id),
  login_no    text    not null,
  id          text    not null,
  fingerprint text    not null,
  outcome     text    not null,
  at          bigint  not null,
  primary key (company_id, login_no, id)
);
create index request_age on request (company_id, at);
