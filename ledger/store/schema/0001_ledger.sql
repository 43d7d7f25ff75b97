-- The log: entries, their sealed contents, the tree over them, and the indexes of facts.
-- Nothing here is evidence: the owner of a database can undo every trigger and grant. The tree is evidence.

create table ledger.head (            -- one row: the compare-and-swap that puts all admissions in one order
    one         boolean primary key default true check (one),
    size        bigint not null,      -- entries admitted; the next position
    recorded_at bigint not null       -- milliseconds since 1970; never goes back
);
insert into ledger.head (size, recorded_at) values (0, 0);

create table ledger.entry (
    position  bigint primary key,     -- 0-based, without gaps
    author    uuid   not null,
    statement uuid   not null,        -- with author, the idempotency key
    aggregate uuid   not null,
    version   bigint not null,
    type      text   not null,
    entry     bytea  not null,        -- canonical bytes: the leaf
    facts     bytea  not null,        -- sealed
    words     bytea,                  -- sealed
    unique (author, statement),
    unique (aggregate, version)
);
alter table ledger.entry set (toast_tuple_target = 8160);

create table ledger.vault (           -- wrapped data keys: the only rows that may ever be deleted
    position   bigint   not null,
    part       smallint not null,     -- 0 facts, 1 words
    generation smallint not null,     -- of the key-encryption key
    wrapped    bytea    not null,
    primary key (position, part)
);

create table ledger.tile (            -- complete hash tiles of 256 (C2SP tlog-tiles), inserted once
    level  smallint not null,
    n      bigint   not null,
    hashes bytea    not null,
    root   bytea    not null,
    primary key (level, n)
);

create table ledger.checkpoint (      -- signed notes, as released
    size bigint primary key,
    note bytea  not null
);

create table ledger.guard (           -- how many facts bear on a subject: a record, a person, a team
    subject uuid primary key,
    version bigint not null
) with (fillfactor = 70);

create table ledger.fact (            -- which entries bear on a subject, numbered 1 … guard.version without gaps,
    subject  uuid   not null,         -- so that a missing row is noticed before a decision rests on it
    n        bigint not null,
    position bigint not null,
    primary key (subject, n)
);

create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of %.% is refused: what was admitted stays', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

do $$
declare t text;
begin
    foreach t in array array['entry', 'tile', 'checkpoint', 'fact'] loop
        execute format('create trigger refuse_change before update or delete on ledger.%I
                        for each row execute function ledger.refuse_change()', t);
        execute format('create trigger refuse_truncate before truncate on ledger.%I
                        for each statement execute function ledger.refuse_change()', t);
        execute format('alter table ledger.%I enable always trigger refuse_change', t);
        execute format('alter table ledger.%I enable always trigger refuse_truncate', t);
    end loop;
end $$;
create trigger refuse_truncate before truncate on ledger.vault
    for each statement execute function ledger.refuse_change();
alter table ledger.vault enable always trigger refuse_truncate;
create trigger refuse_change before update on ledger.vault
    for each row execute function ledger.refuse_change();
alter table ledger.vault enable always trigger refuse_change;

grant usage on schema ledger to ledger_app, ledger_eraser, ledger_reader;
grant select on all tables in schema ledger to ledger_app, ledger_reader;
grant insert (position, author, statement, aggregate, version, type, entry, facts, words) on ledger.entry to ledger_app;
grant insert (position, part, generation, wrapped) on ledger.vault to ledger_app;
grant insert (level, n, hashes, root) on ledger.tile to ledger_app;
grant insert (size, note) on ledger.checkpoint to ledger_app;
grant insert (subject, n, position) on ledger.fact to ledger_app;
grant insert (subject, version), update (version) on ledger.guard to ledger_app;
grant update (size, recorded_at) on ledger.head to ledger_app;
grant select, delete on ledger.vault to ledger_eraser;
