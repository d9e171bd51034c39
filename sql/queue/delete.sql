-- Only what was read: an entry that came meanwhile stays for the next publisher.
delete from pipeline.queue
where entry_id = any(:entries)
