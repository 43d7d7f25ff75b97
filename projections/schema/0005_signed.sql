-- Readers see of each statement whose key signed it, so the timeline keeps the key. It follows from the log, so all of
-- it is emptied: the service takes the whole log in again, and shows nothing until it has.

do $$
declare
    kept text;
begin
    for kept in select tablename from pg_tables where schemaname = 'projections' loop
        execute format('truncate table projections.%I', kept);
    end loop;
end
$$;

alter table projections.timeline add column kid text not null;  -- RFC 7638 thumbprint of the key that signed it
