-- What a published warehouse says about itself.
create schema if not exists meta;

create or replace table meta.refresh_log (
    refresh_id varchar primary key,
    started_at timestamp not null,
    finished_at timestamp not null,
    as_of_date date,
    rows_read bigint not null,
    rows_accepted bigint not null,
    rows_rejected bigint not null,
    rows_duplicate bigint not null,
    rows_excluded bigint not null,
    rows_after_as_of bigint not null,
    tests_passed integer not null,
    dbt_version varchar not null,
    duckdb_version varchar not null,
    vars json not null
);
comment on table meta.refresh_log is 'One row per published refresh; the last one made this file.';
comment on column meta.refresh_log.refresh_id is 'The refresh, named by the moment it finished, UTC.';
comment on column meta.refresh_log.started_at is 'When it began, UTC.';
comment on column meta.refresh_log.finished_at is 'When it was ready to be published, UTC.';
comment on column meta.refresh_log.as_of_date is 'The data is complete up to, but not including, this date; NULL without events.';
comment on column meta.refresh_log.rows_read is 'Lines read from the event files = accepted + rejected + duplicate + excluded.';
comment on column meta.refresh_log.rows_accepted is 'Lines that became events.';
comment on column meta.refresh_log.rows_rejected is 'Lines that cannot be used; they are kept in meta.rejected_rows.';
comment on column meta.refresh_log.rows_duplicate is 'Lines that were delivered before.';
comment on column meta.refresh_log.rows_excluded is 'Lines left out on purpose: of excluded users, or dated after the as-of date.';
comment on column meta.refresh_log.rows_after_as_of is 'Of rows_excluded, the lines dated after the as-of date.';
comment on column meta.refresh_log.tests_passed is 'Checks on the data and the models that passed; one that fails publishes nothing.';
comment on column meta.refresh_log.dbt_version is 'Version of dbt-core.';
comment on column meta.refresh_log.duckdb_version is 'Version of DuckDB.';
comment on column meta.refresh_log.vars is 'The dbt vars of the refresh.';

create or replace table meta.metrics (
    name varchar primary key,
    label varchar not null,
    description varchar not null,
    formula varchar not null,
    numerator varchar not null,
    denominator varchar,
    unit varchar not null,
    direction varchar not null,
    model varchar not null
);
comment on table meta.metrics is 'The metrics and what they mean, from the dbt project; the one source for labels and formulas.';
comment on column meta.metrics.name is 'Name of the metric.';
comment on column meta.metrics.label is 'Its name for people.';
comment on column meta.metrics.description is 'What it means.';
comment on column meta.metrics.formula is 'How it is computed, in words.';
comment on column meta.metrics.numerator is 'What is summed, an expression over the columns of its model.';
comment on column meta.metrics.denominator is 'What the sum is divided by, likewise summed first; NULL for a plain count.';
comment on column meta.metrics.unit is 'users, share (0 to 1) or ratio.';
comment on column meta.metrics.direction is 'Whether more of it is good: up, down or neutral.';
comment on column meta.metrics.model is 'Where it is: a table, or the stem of three with the suffixes _daily, _weekly and _monthly.';

create or replace table meta.rejected_rows (
    file varchar not null,
    line bigint,
    reason varchar not null,
    raw_line varchar not null
);
comment on table meta.rejected_rows is 'The lines of the event files that cannot be used, as they were delivered.';
comment on column meta.rejected_rows.file is 'Path of the file inside the data folder.';
comment on column meta.rejected_rows.line is 'Number of the line in the file, from 1, header included; of the row in a Parquet file.';
comment on column meta.rejected_rows.reason is 'Why it cannot be used.';
comment on column meta.rejected_rows.raw_line is 'The line; for Parquet the row as JSON.';
