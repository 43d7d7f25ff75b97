-- Names are opened for a reading of the directory as well, of which ``directory-read/1`` is the record.

create or replace function ledger.note_opening(for_disclosure bigint, for_reason text, of_positions bigint[])
returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare noted bigint;
begin
    if for_disclosure is not null and not exists (
        select from ledger.entry e
        where e.position = for_disclosure and e.type in ('disclosure-made/1', 'directory-read/1')
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
