-- Files that were uploaded or made, for a while, in pieces: any server of an installation can read them.
create table file (
  company_id bigint  not null references company (id),
  id         text    not null,
  name       text    not null,
  bytes      bigint  not null,
  is_whole   bigint  not null,
  created_at bigint  not null,
  created_by text    not null,
  primary key (company_id, id)
);
create index file_created on file (company_id, created_at);

create table file_piece (
  company_id bigint  not null,
  file_id    text    not null,
  number     bigint  not null,
  data       bytea   not null,
  primary key (company_id, file_id, number),
  foreign key (company_id, file_id) references file (company_id, id) on delete cascade
);

-- Which column of a file is which field: a JSON object.
create table import_schema (
  company_id bigint  not null references company (id),
  id         text    not null,
  name       text    not null,
  columns    text    not null,
  created_at bigint  not null,
  created_by text    not null,
  primary key (company_id, id)
);

-- Work that goes on after its answer. state: 10 waiting, 20 at work, 30 done, 40 failed. result is JSON.
create table async_action (
  company_id bigint  not null references company (id),
  id         text    not null,
  name       text    not null,
  kind       text    not null,
  subject    text    not null,
  tag        text    not null,
  state      bigint  not null,
  done       bigint  not null,
  succeeded  bigint  not null,
  total      bigint  not null,
  result     text,
  created_at bigint  not null,
  created_by text    not null,
  updated_at bigint  not null,
  primary key (company_id, id)
);
create index async_action_created on async_action (company_id, created_at);
