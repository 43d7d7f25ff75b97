-- Whoever hardly looked at a record is found without looking through everybody's lines of it.
create index access_trail_of_one on projections.access_trail (record, looked, position);
