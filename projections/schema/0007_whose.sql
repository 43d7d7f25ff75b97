-- In whose record somebody stands in the patient's place, so that they find it; and everybody who was registered and
-- every team, for staff. Everything here follows from the log, so all of it is emptied: the service takes the whole log
-- in again, and shows nothing until it has.

do $$
declare
    kept text;
begin
    for kept in select tablename from pg_tables where schemaname = 'projections' loop
        execute format('truncate table projections.%I', kept);
    end loop;
end
$$;

alter table projections.stands_in add column record uuid not null;

create table projections.person (   -- everybody who was registered; names are sealed, and not here
    person   uuid   primary key,
    position bigint not null
);
create unique index on projections.person (position);

create table projections.team (
    team     uuid   primary key,
    profile  text,
    position bigint not null
);
create unique index on projections.team (position);

grant select, insert, update, delete, truncate on projections.person, projections.team to ledger_app;
grant select on projections.person, projections.team to ledger_reader;
