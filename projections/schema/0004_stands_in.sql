-- Who may stand in the patient's place, so that somebody who signs in is offered it. Everything here follows from the
-- log, so all of it is emptied: the service takes the whole log in again, and shows nothing until it has.

do $$
declare
    kept text;
begin
    for kept in select tablename from pg_tables where schemaname = 'projections' loop
        execute format('truncate table projections.%I', kept);
    end loop;
end
$$;

create table projections.stands_in (   -- powers and parents that nobody has ended; time may have
    standing  uuid   not null,         -- the power, or the parental responsibility
    person    uuid   not null,
    acting_as text   not null,         -- attorney or parent
    starts    bigint not null,
    ends      bigint,
    position  bigint not null,
    primary key (standing, person)
);
create index on projections.stands_in (person);

grant select, insert, update, delete, truncate on projections.stands_in to ledger_app;
grant select on projections.stands_in to ledger_reader;
