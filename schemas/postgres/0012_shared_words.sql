-- Who follows a customer stands in one place for all systems. Who wrote it in a document does not know the way: 40.
insert into plm_attention (company_id, customer_id, user_id, name, type, created_at, created_by, updated_at, updated_by)
select distinct d.company_id, d.customer_id, s.login_no, s.name, '40', c.updated_at, c.updated_by, c.updated_at, c.updated_by
from customer_document d
cross join lateral json_array_elements_text(
  case json_typeof(d.document::json -> 'followers') when 'array' then d.document::json -> 'followers' else '[]' end) f (number)
join staff s on s.company_id = d.company_id and s.number::text = f.number
join customer c on c.company_id = d.company_id and c.id = d.customer_id
where d.dialect = 'customer_detail' and not exists (
  select 1 from plm_attention a where a.company_id = d.company_id and a.customer_id = d.customer_id
  and lower(a.user_id) = s.login_key and a.type <> '10')
on conflict (company_id, customer_id, user_id) do update set type = '40';
update customer_document set document = (document::jsonb - 'followers')::text
where dialect = 'customer_detail' and document::json -> 'followers' is not null;

-- Labels are the names of categories: from here on a customer has both of both.
create temporary table was_labelled on commit drop as select company_id, id from customer where labels <> '[]';
create temporary table category on commit drop as
select distinct p.company_id, p.customer_id, trim(n.name) as name
from plm_customer p
cross join lateral string_to_table(replace(p.categories_name, '，', ','), ',') n (name)
where trim(n.name) <> '' and not exists (
  select 1 from customer c cross join lateral json_array_elements(c.labels::json) l (value)
  where c.company_id = p.company_id and c.id = p.customer_id and l.value ->> 'name' = trim(n.name));
insert into label (company_id, id, name)
select n.company_id, c.last_label + row_number() over (partition by n.company_id order by n.name), n.name
from (select distinct company_id, name from category) n
join counter c on c.company_id = n.company_id
where not exists (select 1 from label l where l.company_id = n.company_id and l.name = n.name);
update counter set last_label = greatest(last_label,
  (select coalesce(max(id), 0) from label l where l.company_id = counter.company_id));
insert into customer_label (company_id, customer_id, label_id)
select n.company_id, n.customer_id, l.id from category n join label l on l.company_id = n.company_id and l.name = n.name
on conflict do nothing;
update customer set labels = (labels::jsonb || (
  select jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name)) from category n
  join label l on l.company_id = n.company_id and l.name = n.name
  where n.company_id = customer.company_id and n.customer_id = customer.id))::text
where (company_id, id) in (select company_id, customer_id from category);
insert into plm_customer (company_id, customer_id, categories_name, is_archived, is_deleted)
select c.company_id, c.id, (
  select string_agg(l.value ->> 'name', ',' order by l.place)
  from json_array_elements(c.labels::json) with ordinality l (value, place)
), 0, 0
from was_labelled w join customer c on c.company_id = w.company_id and c.id = w.id
on conflict (company_id, customer_id) do update set categories_name = excluded.categories_name;

-- Stars are a grade that can be asked for.
create index customer_star on customer (company_id, star, id) where star > 0;
