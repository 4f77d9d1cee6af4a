-- Who follows a customer stands in one place for all systems. Who wrote it in a document does not know the way: 40.
insert into plm_attention (company_id, customer_id, user_id, name, type, created_at, created_by, updated_at, updated_by)
select distinct d.company_id, d.customer_id, s.login_no, s.name, '40', c.updated_at, c.updated_by, c.updated_at, c.updated_by
from customer_document d
join json_each(d.document, '$.followers') f
join staff s on s.company_id = d.company_id and s.number = f.value
join customer c on c.company_id = d.company_id and c.id = d.customer_id
where d.dialect = 'customer_detail'
on conflict (company_id, customer_id, user_id) do update set type = '40' where plm_attention.type = '10';
update customer_document set document = json_remove(document, '$.followers') where dialect = 'customer_detail';

-- Labels are the names of categories, unless iBiz PLM has names of its own already.
insert into plm_customer (company_id, customer_id, categories_name, is_archived, is_deleted)
select company_id, id, (select group_concat(l.value ->> 'name', ',') from json_each(labels) l), 0, 0
from customer where labels <> '[]'
on conflict (company_id, customer_id) do update set categories_name = excluded.categories_name
where plm_customer.categories_name is null;
