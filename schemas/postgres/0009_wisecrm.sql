-- By which fields a new customer counts as one that is there already: names of WiseCRM's fields, parted by commas.
alter table company add column duplicates text not null default 'accountName';
