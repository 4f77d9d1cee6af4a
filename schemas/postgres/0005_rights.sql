-- How a company's rights of a role differ from the usual ones. rights is a JSON object.
create table role_rights (
  company_id bigint not null references company (id),
  role       text    not null,
  rights     text    not null,
  primary key (company_id, role)
);
