-- The vault's log of opened words: no wrapped key of words reaches the service unless it is noted, durably, what for.

create table ledger.opening (
    n          bigserial primary key,
    at         bigint   not null,     -- milliseconds since 1970, by the clock of the database
    noted_in   xid8     not null,     -- the transaction that noted it: in that one nothing is opened yet
    reason     text     not null check (reason in ('disclosure', 'repeat')),
    disclosure bigint,                -- the position of the disclosure that it is for
    positions  bigint[] not null,     -- whose words are opened
    check ((reason = 'disclosure') = (disclosure is not null)),
    check (reason <> 'repeat' or cardinality(positions) = 1)
);
create trigger refuse_change before update or delete on ledger.opening
    for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.opening
    for each statement execute function ledger.refuse_change();
alter table ledger.opening enable always trigger refuse_change;
alter table ledger.opening enable always trigger refuse_truncate;

-- First it is noted, and committed; then the keys are given, in another transaction. One function for both would not do:
-- whoever called it could take the keys and roll back what was noted.
create function ledger.note_opening(for_disclosure bigint, for_reason text, of_positions bigint[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare noted bigint;
begin
    if for_disclosure is not null and not exists (
        select from ledger.entry e where e.position = for_disclosure and e.type = 'disclosure-made/1'
    ) then
        raise exception 'no disclosure is recorded at position %: words are opened only after it is', for_disclosure
            using errcode = 'insufficient_privilege';
    end if;
    -- Whatever the session asked for, what is noted outlives a crash.
    perform set_config('synchronous_commit', 'on', true);
    insert into ledger.opening (at, noted_in, reason, disclosure, positions)
    values ((extract(epoch from clock_timestamp()) * 1000)::bigint, pg_current_xact_id(), for_reason, for_disclosure,
            of_positions)
    returning n into noted;
    return noted;
end $$;

create function ledger.opened_words(opening bigint)
returns table (place bigint, entry bytea, words bytea, wrapped bytea, generation smallint)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare noted ledger.opening;
begin
    select o.* into noted from ledger.opening o where o.n = opening;
    -- A row that is seen was committed, unless it was noted by this very transaction. And it is of use for five seconds,
    -- so that one that is committed late, when the reconciliation has gone past it, opens nothing any more.
    if noted.n is null or noted.noted_in is not distinct from pg_current_xact_id_if_assigned()
       or noted.at < (extract(epoch from clock_timestamp()) * 1000)::bigint - 5000 then
        raise exception 'opening % is not noted, not committed, or older than five seconds: note another', opening
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    return query
        select e.position, e.entry, e.words, v.wrapped, coalesce(v.generation, 0::smallint)
        from ledger.entry e left join ledger.vault v on v.position = e.position and v.part = 1
        where e.position = any(noted.positions);
end $$;

-- Which words can still be opened, and how many keys each generation wraps: what status tells, without the keys.
create function ledger.words_kept(of_positions bigint[]) returns setof bigint
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select v.position from ledger.vault v where v.part = 1 and v.position = any(of_positions);
end;

create function ledger.keys_by_generation() returns table (generation smallint, keys bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    select v.generation, count(*) from ledger.vault v group by v.generation;
end;

-- The service reads the keys of facts, which its decisions rest on, and no key of words.
alter table ledger.vault enable row level security;
create policy adding on ledger.vault for insert to ledger_app with check (true);
create policy facts on ledger.vault for select to ledger_app using (part = 0);
create policy reading on ledger.vault for select to ledger_reader using (true);
create policy erasing on ledger.vault to ledger_eraser using (true) with check (true);

revoke execute on function ledger.note_opening, ledger.opened_words, ledger.words_kept, ledger.keys_by_generation
    from public;
grant execute on function ledger.note_opening, ledger.opened_words to ledger_app;
grant execute on function ledger.words_kept, ledger.keys_by_generation to ledger_app, ledger_reader, ledger_eraser;
grant select on ledger.opening to ledger_app, ledger_reader;
