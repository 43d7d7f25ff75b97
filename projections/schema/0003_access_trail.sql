-- The trail is asked by team and by the id of a line, so it keeps both. Everything here follows from the log, so all
-- of it is emptied: the service takes the whole log in again, and shows nothing until it has.

do $$
declare
    kept text;
begin
    for kept in select tablename from pg_tables where schemaname = 'projections' loop
        execute format('truncate table projections.%I', kept);
    end loop;
end
$$;

alter table projections.access_trail add column id uuid not null;  -- of the disclosure, or of the refused attempt
create index on projections.access_trail (id);

create table projections.membership (  -- who was in which team: nothing is removed, so it can be asked of the past
    position bigint primary key,
    team     uuid   not null,
    person   uuid   not null,
    starts   bigint not null,
    ends     bigint,
    closed   bigint                    -- the position at which the person left, or joined anew
);
create index on projections.membership (team, person, position);

grant select, insert, update, delete, truncate on projections.membership to ledger_app;
grant select on projections.membership to ledger_reader;
