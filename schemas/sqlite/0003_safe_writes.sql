-- What a write with a requestId answered, so that sending it again carries nothing out twice.
-- fingerprint: of the operation and its parameters. outcome: JSON from which the answer is made again.
create table request (
  company_id  integer not null references company (id),
  login_no    text    not null,
  id          text    not null,
  fingerprint text    not null,
  outcome     text    not null,
  at          integer not null,
  primary key (company_id, login_no, id)
) strict, without rowid;
create index request_age on request (company_id, at);
insert into sqlite_stat1 (tbl, idx, stat) values
  ('request', 'request', '10000 1000 100 1'),
  ('request', 'request_age', '10000 1000 1');
analyze sqlite_schema;
