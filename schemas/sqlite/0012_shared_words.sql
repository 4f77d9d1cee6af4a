-- Who follows a customer stands in one place for all systems. Who wrote it in a document does not know the way: 40.
insert into plm_attention (company_id, customer_id, user_id, name, type, created_at, created_by, updated_at, updated_by)
select distinct d.company_id, d.customer_id, s.login_no, s.name, '40', c.updated_at, c.updated_by, c.updated_at, c.updated_by
from customer_document d
join json_each(d.document, '$.followers') f
join staff s on s.company_id = d.company_id and s.number = f.value
join customer c on c.company_id = d.company_id and c.id = d.customer_id
where d.dialect = 'customer_detail' and not exists (
  select 1 from plm_attention a where a.company_id = d.company_id and a.customer_id = d.customer_id
  and lower(a.user_id) = s.login_key and a.type <> '10')
on conflict (company_id, customer_id, user_id) do update set type = '40';
update customer_document set document = json_remove(document, '$.followers')
where dialect = 'customer_detail' and document -> '$.followers' is not null;

-- Labels are the names of categories: from here on a customer has both of both.
create temp table was_labelled as select company_id, id from customer where labels <> '[]';
create temp table category as
select distinct p.company_id, p.customer_id, trim(n.value) as name
from plm_customer p
join json_each('[' || replace(replace(json_quote(p.categories_name), '，', ','), ',', '","') || ']') n
where p.categories_name is not null and trim(n.value) <> '' and not exists (
  select 1 from customer c join json_each(c.labels) l
  where c.company_id = p.company_id and c.id = p.customer_id and l.value ->> 'name' = trim(n.value));
insert into label (company_id, id, name)
select n.company_id, c.last_label + row_number() over (partition by n.company_id order by n.name), n.name
from (select distinct company_id, name from category) n
join counter c on c.company_id = n.company_id
where not exists (select 1 from label l where l.company_id = n.company_id and l.name = n.name);
update counter set last_label = max(last_label, (select coalesce(max(id), 0) from label l where l.company_id = counter.company_id));
insert into customer_label (company_id, customer_id, label_id)
select n.company_id, n.customer_id, l.id from category n join label l on l.company_id = n.company_id and l.name = n.name
where true on conflict do nothing;
update customer set labels = (
  select json_group_array(json(value)) from (
    select value from json_each(customer.labels)
    union all
    select json_object('id', l.id, 'name', l.name) from category n
    join label l on l.company_id = n.company_id and l.name = n.name
    where n.company_id = customer.company_id and n.customer_id = customer.id
  ))
where (company_id, id) in (select company_id, customer_id from category);
insert into plm_customer (company_id, customer_id, categories_name, is_archived, is_deleted)
select c.company_id, c.id, (select group_concat(l.value ->> 'name', ',') from json_each(c.labels) l), 0, 0
from was_labelled w join customer c on c.company_id = w.company_id and c.id = w.id
where true
on conflict (company_id, customer_id) do update set categories_name = excluded.categories_name;
drop table category;
drop table was_labelled;

-- Stars are a grade that can be asked for.
create index customer_star on customer (company_id, star, id) where star > 0;
insert into sqlite_stat1 (tbl, idx, stat) values ('customer', 'customer_star', '1000000 100000 20000 1');
analyze sqlite_schema;
