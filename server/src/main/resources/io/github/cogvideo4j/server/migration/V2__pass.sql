-- The same for jobs that one pass of the model can make; empty for a job that is always made alone.
alter table job add column pass_key varchar(64) not null default '';
