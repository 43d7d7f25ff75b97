-- What is looked up quickly: structure, facts and pointers, never a word or a name. Everything here can be
-- thrown away and made again from the log, so the service may change it all. Instants are milliseconds since 1970.

create table projections.tracking (   -- how far the log has been taken in; one row, locked by whoever follows
    application_name text   primary key,
    notification_id  bigint not null  -- eventsourcing's: the position of the last entry taken in, plus one
);

create table projections.timeline (   -- one row for each statement about an item
    position    bigint primary key,
    record      uuid   not null,
    item        uuid   not null,
    type        text   not null,
    made_at     bigint not null,
    recorded_at bigint not null,
    author      uuid   not null,
    acting_as   text   not null,
    facts       jsonb  not null
);
create index on projections.timeline (item, position);
create index on projections.timeline (record, position);

create table projections.record (     -- whose record it is
    record   uuid   primary key,
    patient  uuid   not null,
    position bigint not null
);
create index on projections.record (patient);

create table projections.carer (      -- who is named as a carer, now
    record   uuid   not null,
    person   uuid   not null,
    position bigint not null,
    primary key (record, person)
);
create index on projections.carer (person);

create table projections.care (       -- care relationships that nobody has ended; time may have
    care         uuid   primary key,
    record       uuid   not null,
    grantee_kind text   not null,     -- person or team
    grantee      uuid   not null,
    ground       text   not null,
    starts       bigint not null,
    ends         bigint,
    position     bigint not null
);
create index on projections.care (grantee, record);
create index on projections.care (record);

create table projections.member (     -- who is in which team
    team     uuid   not null,
    person   uuid   not null,
    starts   bigint not null,
    ends     bigint,
    position bigint not null,
    primary key (team, person)
);
create index on projections.member (person);

create table projections.role (       -- grants of roles that nobody has ended
    position bigint  primary key,
    person   uuid    not null,
    role     text    not null,
    starts   bigint  not null,
    ends     bigint,
    grantor  uuid    not null,
    approved boolean not null         -- false while a second administrator is awaited
);
create index on projections.role (person, role);

create table projections.access_trail (  -- one row for each disclosure, and for each attempt that was refused
    position  bigint  primary key,
    at        bigint  not null,
    said      text    not null,       -- disclosure-made/1 or attempt-refused/1
    record    uuid,
    viewer    uuid    not null,
    acting_as text    not null,
    purpose   text,
    via       text,
    case_id   uuid,
    refused   text,                   -- the rule that refused, or null
    attempted text,                   -- the statement type that was refused
    items     integer not null,       -- how many were shown
    permitted jsonb   not null        -- [{"rule","evidence","items"}], as recorded
);
create index on projections.access_trail (record, position);
create index on projections.access_trail (viewer, position);
create index on projections.access_trail (at, position);

grant usage on schema projections to ledger_app, ledger_reader;
grant select, insert, update, delete, truncate on all tables in schema projections to ledger_app;
grant select on all tables in schema projections to ledger_reader;
