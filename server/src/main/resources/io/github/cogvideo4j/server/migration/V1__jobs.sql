-- Types that SQLite and PostgreSQL both know. Times are milliseconds since 1970.
create table job (
    id varchar(64) primary key,
    owner varchar(200) not null,
    state varchar(16) not null,
    operation varchar(16) not null,
    request text not null,
    inputs text not null,
    prompt text not null,
    fingerprint varchar(64) not null,
    idempotency_key varchar(255),
    width integer not null,
    height integer not null,
    frames integer not null,
    fps double precision not null,
    step_count integer not null,
    scheduler varchar(100) not null,
    shape varchar(400) not null,
    work_ms bigint not null,
    created_at bigint not null,
    started_at bigint,
    completed_at bigint,
    expires_at bigint,
    gone_at bigint,
    not_before bigint not null,
    priority integer not null,
    rank bigint not null,
    number bigint not null,
    worker varchar(100),
    lease_until bigint,
    attempt integer not null,
    wish integer not null,
    percent integer not null,
    phase varchar(32),
    piece integer not null,
    pieces integer not null,
    preview integer,
    left_ms bigint,
    error_code varchar(64),
    error_message text,
    sprite_columns integer,
    sprite_rows integer,
    sprite_frames integer,
    file_bytes bigint not null,
    change bigint not null
);
create unique index job_idempotency on job (owner, idempotency_key);
create unique index job_number on job (number);
create index job_queue on job (state, priority, rank);
create index job_change on job (change);
create index job_owner on job (owner, number);
create index job_expiry on job (state, expires_at);

-- What is one for all servers: the number of the last change of anything, and whether the queue is paused.
create table counter (
    name varchar(32) primary key,
    value bigint not null
);
insert into counter (name, value) values ('change', 0), ('paused', 0), ('queue', 0);

-- What earlier jobs took, by model and sizes.
create table timing (
    shape varchar(400) primary key,
    model varchar(200) not null,
    work double precision not null,
    before_ms double precision not null,
    step_ms double precision not null,
    after_ms double precision not null,
    samples integer not null
);
