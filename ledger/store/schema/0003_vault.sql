-- Generations of the key-encryption key, and what becomes of the vault's rows: rewrapped, or erased.

alter table ledger.head add column generation smallint not null default 1;
-- Of the key-encryption key that wraps what is new. In the head's row, because an admission's compare-and-swap reads that
-- row once more when it had to wait: so nothing can be wrapped under an older generation after a new one is opened.

create table ledger.key_generation (
    generation   smallint primary key,
    opened_at    bigint not null,     -- milliseconds since 1970; the one before it wraps nothing new from then on
    first_entry  bigint not null,     -- the position from which on everything was first wrapped under it
    destroyed_at bigint               -- when its key was destroyed, in backups too; null while it may still be somewhere
);
insert into ledger.key_generation (generation, opened_at, first_entry)
    values (1, (extract(epoch from now()) * 1000)::bigint, 0);

create table ledger.destroyed (       -- the wrapped keys of words that were erased, destroyed: when, and under what last
    position     bigint primary key,
    generation   smallint not null,
    destroyed_at bigint not null
);

-- What status and start-up ask for: the erasures, among many entries of other types.
create index erasures on ledger.entry (position) where type in ('erasure-asked/1', 'content-erased/1');

create function ledger.refuse_unless_rewrapped() returns trigger language plpgsql as $$
begin
    if current_user = 'ledger_eraser' and new.position = old.position and new.part = old.part
       and new.generation > old.generation then
        return new;
    end if;
    raise exception 'update of ledger.vault is refused: a wrapped key is only ever rewrapped under a later generation'
        using errcode = 'insufficient_privilege';
end $$;
drop trigger refuse_change on ledger.vault;
create trigger refuse_unless_rewrapped before update on ledger.vault
    for each row execute function ledger.refuse_unless_rewrapped();
alter table ledger.vault enable always trigger refuse_unless_rewrapped;

create function ledger.refuse_unless_words() returns trigger language plpgsql as $$
begin
    if old.part = 1 then
        return old;
    end if;
    raise exception 'delete of ledger.vault is refused: only words are erased; decisions rest on facts'
        using errcode = 'insufficient_privilege';
end $$;
create trigger refuse_unless_words before delete on ledger.vault
    for each row execute function ledger.refuse_unless_words();
alter table ledger.vault enable always trigger refuse_unless_words;

create function ledger.refuse_unless_next() returns trigger language plpgsql as $$
begin
    if new.generation = old.generation + 1 then
        return new;
    end if;
    raise exception 'update of ledger.head is refused: a generation is followed by the next'
        using errcode = 'insufficient_privilege';
end $$;
-- Fires only where the column is named, so an admission does not pay for it.
create trigger refuse_unless_next before update of generation on ledger.head
    for each row execute function ledger.refuse_unless_next();
alter table ledger.head enable always trigger refuse_unless_next;

create function ledger.refuse_unless_destroyed() returns trigger language plpgsql as $$
begin
    if old.destroyed_at is null and new.destroyed_at is not null
       and (new.generation, new.opened_at, new.first_entry) = (old.generation, old.opened_at, old.first_entry) then
        return new;
    end if;
    raise exception 'update of ledger.key_generation is refused: only its destruction is noted, once'
        using errcode = 'insufficient_privilege';
end $$;
create trigger refuse_unless_destroyed before update on ledger.key_generation
    for each row execute function ledger.refuse_unless_destroyed();
create trigger refuse_delete before delete on ledger.key_generation
    for each row execute function ledger.refuse_change();
create trigger refuse_change before update or delete on ledger.destroyed
    for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.key_generation
    for each statement execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.destroyed
    for each statement execute function ledger.refuse_change();

grant select on ledger.key_generation, ledger.destroyed to ledger_app, ledger_reader, ledger_eraser;
grant select on ledger.head to ledger_eraser;
grant select (position, statement, type, entry) on ledger.entry to ledger_eraser;
grant update (generation) on ledger.head to ledger_eraser;
grant insert (generation, opened_at, first_entry), update (destroyed_at) on ledger.key_generation to ledger_eraser;
grant update (generation, wrapped) on ledger.vault to ledger_eraser;
grant insert (position, generation, destroyed_at) on ledger.destroyed to ledger_eraser;

do $$
begin
    -- From PostgreSQL 17 on, vacuum can be granted: it takes a destroyed row out of its page.
    if current_setting('server_version_num')::int >= 170000 then
        execute 'grant maintain on ledger.vault to ledger_eraser';
    end if;
end $$;
