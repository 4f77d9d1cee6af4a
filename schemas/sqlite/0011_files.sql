-- Files that were uploaded or made, for a while, in pieces: any server of an installation can read them.
create table file (
  company_id integer not null references company (id),
  id         text    not null,
  name       text    not null,
  bytes      integer not null,
  is_whole   integer not null,
  created_at integer not null,
  created_by text    not null,
  primary key (company_id, id)
) strict, without rowid;
create index file_created on file (company_id, created_at);

create table file_piece (
  company_id integer not null,
  file_id    text    not null,
  number     integer not null,
  data       blob    not null,
  primary key (company_id, file_id, number),
  foreign key (company_id, file_id) references file (company_id, id) on delete cascade
) strict;

-- Which column of a file is which field: a JSON object.
create table import_schema (
  company_id integer not null references company (id),
  id         text    not null,
  name       text    not null,
  columns    text    not null,
  created_at integer not null,
  created_by text    not null,
  primary key (company_id, id)
) strict, without rowid;

-- Work that goes on after its answer. state: 10 waiting, 20 at work, 30 done, 40 failed. result is JSON.
create table async_action (
  company_id integer not null references company (id),
  id         text    not null,
  name       text    not null,
  kind       text    not null,
  subject    text    not null,
  tag        text    not null,
  state      integer not null,
  done       integer not null,
  succeeded  integer not null,
  total      integer not null,
  result     text,
  created_at integer not null,
  created_by text    not null,
  updated_at integer not null,
  primary key (company_id, id)
) strict, without rowid;
create index async_action_created on async_action (company_id, created_at);

insert into sqlite_stat1 (tbl, idx, stat) values
  ('file', 'file', '1000 100 1'),
  ('file', 'file_created', '1000 100 2'),
  ('file_piece', 'sqlite_autoindex_file_piece_1', '100000 10000 100 1'),
  ('import_schema', 'import_schema', '1000 100 1'),
  ('async_action', 'async_action', '1000 100 1'),
  ('async_action', 'async_action_created', '1000 100 2');
analyze sqlite_schema;
