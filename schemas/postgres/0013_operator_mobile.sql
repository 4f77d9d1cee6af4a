-- The number by which systems show how a member of the staff is reached.
alter table staff add column mobile text;
