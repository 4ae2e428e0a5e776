-- How much of what comes after the steps is decoding; 0 where that was not measured.
alter table timing add column decode_ms double precision not null default 0;
