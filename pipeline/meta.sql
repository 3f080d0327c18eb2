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
    vars json not null,
    is_update boolean,
    code varchar
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
comment on column meta.refresh_log.is_update is 'Whether only what the inputs changed was computed; false: all of it, from the inputs.';
comment on column meta.refresh_log.code is 'Fingerprint of the models and of the code that reads the files.';

create or replace table meta.input_files (
    file varchar primary key,
    source varchar not null,
    format varchar not null,
    delimiter varchar not null,
    columns json not null,
    size_bytes bigint not null,
    modified_ns bigint not null,
    changed_ns bigint not null,
    sha256 varchar not null,
    rows_read bigint not null
);
comment on table meta.input_files is 'The files this warehouse was built from; the next refresh loads those that differ.';
comment on column meta.input_files.file is 'Path of the file inside the data folder.';
comment on column meta.input_files.source is 'The source it belongs to: event_stream, user_aliases or excluded_users.';
comment on column meta.input_files.format is 'csv, json or parquet.';
comment on column meta.input_files.delimiter is 'What parts the fields of a CSV file.';
comment on column meta.input_files.columns is 'Its columns and their types, as a JSON object.';
comment on column meta.input_files.size_bytes is 'Its size.';
comment on column meta.input_files.modified_ns is 'When its contents were last written, in nanoseconds since 1970, UTC.';
comment on column meta.input_files.changed_ns is 'When anything about it last changed, likewise.';
comment on column meta.input_files.sha256 is 'Digest of its bytes.';
comment on column meta.input_files.rows_read is 'Rows in it, the unreadable ones included, the header not.';

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
