-- How many answers browsers have sent for an activation: past a limit none reaches Temporal.
ALTER TABLE activation ADD COLUMN posts integer NOT NULL DEFAULT 0;
