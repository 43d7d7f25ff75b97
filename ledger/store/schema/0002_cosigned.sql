-- Checkpoints that the quorum of witnesses has cosigned, with their cosignatures. Kept, never changed.

create table ledger.cosigned (
    size bigint primary key,
    note bytea  not null              -- the note as the log signed it, and the witnesses' lines behind it
);

create trigger refuse_change before update or delete on ledger.cosigned
    for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.cosigned
    for each statement execute function ledger.refuse_change();
alter table ledger.cosigned enable always trigger refuse_change;
alter table ledger.cosigned enable always trigger refuse_truncate;

grant select on ledger.cosigned to ledger_app, ledger_reader;
grant insert (size, note) on ledger.cosigned to ledger_app;
