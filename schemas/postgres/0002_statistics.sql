-- PostgreSQL gathers its own statistics. SQLite is told them here; the engines keep the same numbers.
select 1;
