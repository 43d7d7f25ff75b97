-- Who is let in, by what, and until when. Secrets are kept as SHA-256 digests only. Instants are milliseconds since
-- 1970. Nothing here is evidence: which keys speak for whom is said in the log.

create table sign_in.passkey (            -- a WebAuthn credential that signs its owner in
    credential bytea  primary key,
    person     uuid   not null,
    public_key bytea  not null,           -- COSE_Key
    kid        text   not null unique,    -- RFC 7638 thumbprint of its JWK, as in passkey-enrolled/1
    name       text   not null check (length(name) between 1 and 64),
    sign_count bigint not null,
    backed_up  boolean not null,
    transports text[] not null,
    made_at    bigint not null,
    used_at    bigint,
    ended_at   bigint,                    -- it signs nobody in any more
    enrolled   boolean not null default false  -- it was seen that the log says something of it: it waits no more
);
create index on sign_in.passkey (person);
create index on sign_in.passkey (made_at) where ended_at is null and not enrolled;

create table sign_in.identity (           -- somebody as an OpenID provider knows them
    issuer    text   not null,
    subject   text   not null,
    person    uuid   not null,
    linked_at bigint not null,
    used_at   bigint,
    ended_at  bigint,
    primary key (issuer, subject)
);
create index on sign_in.identity (person);

create table sign_in.session (            -- a browser in which somebody is signed in
    id               uuid   primary key,
    token            bytea  not null unique,  -- SHA-256 of the cookie's value
    token_before     bytea  unique,           -- of the value before, good for a moment after it was changed
    changed_at       bigint not null,         -- when the value was changed last
    person           uuid   not null,
    acting_as        text   not null,
    may_act_as       text[],                  -- what a provider's claims allow; null: whatever the facts say
    means            text   not null check (means in ('passkey', 'oidc', 'invitation', 'persona')),
    credential       bytea  references sign_in.passkey,
    issuer           text,
    subject          text,
    browser          text   not null,         -- for its owner to know it by, as "Firefox on Linux"
    began_at         bigint not null,
    authenticated_at bigint not null,         -- when its owner last showed who they are
    seen_at          bigint not null,
    ends_at          bigint not null,
    ended_at         bigint,
    foreign key (issuer, subject) references sign_in.identity
);
create index on sign_in.session (person) where ended_at is null;
create index on sign_in.session (ends_at);

create table sign_in.invitation (         -- a link, and a code that is told in person, for somebody who is registered
    id         uuid   primary key,
    secret     bytea  not null unique,        -- SHA-256 of what the link carries
    code       bytea,                         -- SHA-256 of secret and code; null: the link alone, printed by serve
    person     uuid   not null,
    why        text   not null check (why in ('founding', 'invited', 'recovery')),
    invited_by uuid,                          -- null: the keeper of the machine
    made_at    bigint not null,
    ends_at    bigint not null,
    failures   integer not null default 0,
    opened_at  bigint,                        -- link and code were right; a passkey may be made
    ticket     bytea  unique,                 -- SHA-256 of what was answered then, by which that one may make it
    used_at    bigint,
    settled_at bigint,                        -- what it was for is done, in the log as well
    ended_at   bigint
);
create index on sign_in.invitation (person);
create index on sign_in.invitation (used_at) where settled_at is null;

create table sign_in.recovery_code (      -- by which a person gets back in without anybody's help
    person  uuid   primary key,
    code    bytea  not null unique,           -- SHA-256
    made_at bigint not null,
    used_at bigint
);

create table sign_in.used (               -- challenges, nonces and assertion ids that were used: each is good once
    name    bytea  primary key,               -- SHA-256 of purpose and value
    ends_at bigint not null                   -- from when on it would be refused anyway
);
create index on sign_in.used (ends_at);

create table sign_in.failure (            -- who was refused lately, by account or address: SHA-256 under a key
    bucket       bytea  primary key,
    failures     integer not null,
    last_at      bigint not null,
    closed_until bigint not null
);
create index on sign_in.failure (last_at);

grant usage on schema sign_in to ledger_app;
grant select, insert, update, delete on all tables in schema sign_in to ledger_app;
