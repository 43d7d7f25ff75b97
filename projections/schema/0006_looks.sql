-- What the trail is asked by stands in one index, so that a hundred thousand lines of a record are looked through
-- without reading them. It follows from the log, so all of it is emptied: the service takes the whole log in again, and
-- shows nothing until it has.

do $$
declare
    kept text;
begin
    for kept in select tablename from pg_tables where schemaname = 'projections' loop
        execute format('truncate table projections.%I', kept);
    end loop;
end
$$;

alter table projections.access_trail
    add column looked    uuid    not null,  -- who in fact looked: in a preview the patient, else the viewer
    add column emergency boolean not null,  -- was it opened as an emergency?
    add column rules     text[]  not null,  -- by which something was shown, each once
    add column foremost  uuid,              -- the first and the last item that it showed: a line is visible where
    add column hindmost  uuid;              -- either is, and mostly one of them is

drop index projections.access_trail_record_position_idx;
drop index projections.access_trail_viewer_position_idx;
create index access_trail_of_record on projections.access_trail (record, position)
    include (at, looked, viewer, acting_as, purpose, via, refused, emergency, rules, items, foremost, hindmost);
create index access_trail_of_person on projections.access_trail (looked, position);
create index access_trail_of_item on projections.access_trail using gin (permitted jsonb_path_ops);
create index access_trail_emergencies on projections.access_trail (position) where emergency;

-- An index alone answers for pages that were vacuumed since they were written: that is not to wait for a fifth more.
alter table projections.access_trail
    set (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_insert_threshold = 1000);
