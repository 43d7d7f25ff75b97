-- In whose record somebody stands in the patient's place, so that they find it. Everything here follows from the log,
-- so all of it is emptied: the service takes the whole log in again, and shows nothing until it has.

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
