-- Which database this is. A copy that goes on by itself gets another epoch, so that nobody goes on from the wrong history.
create table epoch (id text not null primary key) strict, without rowid;
insert into epoch (id) values (lower(hex(randomblob(16))));

-- Nobody has read the events so far, and they do not tell who may see them.
delete from event;
