-- Admission in one statement: the head's compare-and-swap, guards, entries, vault, indexes of facts, tiles,
-- checkpoint. It returns no row, and changes nothing, when the head has moved, a guard fails, or the parts are wrapped
-- under another generation of the key-encryption key than the head names.
-- In READ COMMITTED a waiting UPDATE checks its WHERE again on the new head row, so whoever loses the race
-- gets no row; and whoever wins saw every guard, because every admission updates the head.
with admitted as (
    update ledger.head set size = %(base)s::bigint + %(count)s::bigint, recorded_at = %(at)s::bigint
    where size = %(base)s::bigint and generation = %(generation)s::smallint
      and not exists (
        select 1 from unnest(%(guard_subjects)b::uuid[], %(guard_versions)b::bigint[]) g(subject, version)
        left join ledger.guard now on now.subject = g.subject
        where coalesce(now.version, 0) <> g.version)
    returning size
), entries as (
    insert into ledger.entry (position, author, statement, aggregate, version, type, entry, facts, words)
    select %(base)s::bigint + e.n - 1, author, statement, aggregate, version, type, entry, facts, words
    from admitted, unnest(%(authors)b::uuid[], %(statements)b::uuid[], %(aggregates)b::uuid[], %(versions)b::bigint[],
                          %(types)b::text[], %(entries)b::bytea[], %(facts)b::bytea[], %(words)b::bytea[])
         with ordinality e(author, statement, aggregate, version, type, entry, facts, words, n)
), keys as (
    insert into ledger.vault (position, part, generation, wrapped)
    select %(base)s::bigint + v.i, v.part, %(generation)s::smallint, v.wrapped
    from admitted, unnest(%(vault_entries)b::bigint[], %(vault_parts)b::smallint[], %(vault_keys)b::bytea[]) v(i, part, wrapped)
), counters as (
    insert into ledger.guard as guard (subject, version)
    select b.subject, b.bumps
    from admitted, unnest(%(bumped)b::uuid[], %(bumps)b::bigint[]) b(subject, bumps)
    on conflict (subject) do update set version = guard.version + excluded.version
    returning subject, version
), facts as (
    insert into ledger.fact (subject, n, position)
    select f.subject, counters.version - f.later, %(base)s::bigint + f.i
    from counters join unnest(%(fact_subjects)b::uuid[], %(fact_later)b::bigint[], %(fact_entries)b::bigint[])
         f(subject, later, i) using (subject)
), tiles as (
    insert into ledger.tile (level, n, hashes, root)
    select t.level, t.n, t.hashes, t.root
    from admitted, unnest(%(tile_levels)b::smallint[], %(tile_numbers)b::bigint[], %(tile_hashes)b::bytea[], %(tile_roots)b::bytea[])
         t(level, n, hashes, root)
), checkpoints as (
    insert into ledger.checkpoint (size, note)
    select admitted.size, %(checkpoint)b::bytea from admitted where %(checkpoint)b::bytea is not null
)
select size from admitted
