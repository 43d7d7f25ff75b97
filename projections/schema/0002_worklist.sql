-- What is due, and what patients are told of: structure and pointers, never a word or a name.
-- Instants are milliseconds since 1970; what time alone changes is computed from them when it is read.

create table projections.worklist (
    record         uuid   not null,
    kind           text   not null,
    subject        uuid   not null,    -- the item or matter that it tells of, else the record
    about          uuid   not null,    -- what is due: a withholding, an erasure, a viewer, else the subject
    since          bigint not null,
    due_at         bigint not null,
    ends           bigint,             -- when time alone settles it
    clinician_from bigint,             -- from when on it is for clinicians in care, or for the person; null: never
    guardian_from  bigint,
    person         uuid,               -- the one clinician whom it is for; null: whoever is in care
    but_not        uuid,               -- who may not settle it
    kept_from      text,               -- of a withholding
    ground         text,               -- of a withholding; of an assessment its matter
    opened         bigint not null,    -- the position of the statement that opened it
    place          bigint not null,    -- its order among what is due at the same instant; unique
    closed         bigint,             -- the position of the statement that settled it
    settled        text,               -- the type of that statement
    primary key (record, kind, subject, about)
);
create index on projections.worklist (due_at, place) where closed is null;
create index on projections.worklist (record) where closed is null;
create index on projections.worklist (person) where closed is null and person is not null;

create table projections.registration (  -- positions at which a care relationship began or went on, by registration
    position bigint primary key,
    record   uuid   not null,
    care     uuid   not null
);
create index on projections.registration (record, care);

create table projections.notice (
    record   uuid   not null,
    kind     text   not null,
    about    uuid   not null,          -- the newest notice of a kind about something replaces the one before
    subject  uuid,                     -- the item or matter that the patient must be able to see; null: the record
    said_at  bigint not null,
    due_at   bigint not null,
    position bigint not null,
    primary key (record, kind, about)
);
create index on projections.notice (record, due_at, position);
create index on projections.notice (due_at, position);
create index on projections.notice (said_at);

grant select, insert, update, delete, truncate on all tables in schema projections to ledger_app;
grant select on all tables in schema projections to ledger_reader;

-- What was taken in before these tables were there is taken in again, into all tables alike.
truncate projections.timeline, projections.record, projections.carer, projections.care, projections.member,
         projections.role, projections.access_trail;
update projections.tracking set notification_id = 0;
