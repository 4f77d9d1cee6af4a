//! Where other systems are told of events, and what is on its way to them.

use super::rows::{ClaimedRow, DeliveryRow, NumberRow, TextRow, WebhookRow};

queries! {
    read fn webhooks() -> Vec<WebhookRow> {
        "select id, url, kinds, secret, is_masked, is_active, position, created_at from webhook where company_id = $1 order by id"
    }
    read fn webhook(id: &str) -> Option<WebhookRow> {
        "select id, url, kinds, secret, is_masked, is_active, position, created_at from webhook where company_id = $1 and id = $2"
    }
    write fn put_webhook(
        id: &str, url: &str, kinds: &str, secret: &str, is_masked: i64, is_active: i64, position: i64, created_at: i64,
    ) -> u64 {
        "insert into webhook (company_id, id, url, kinds, secret, is_masked, is_active, position, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (company_id, id) do update set url = excluded.url, kinds = excluded.kinds, secret = excluded.secret,
           is_masked = excluded.is_masked, is_active = excluded.is_active, position = excluded.position"
    }
    write fn delete_webhook(id: &str) -> u64 {
        "delete from webhook where company_id = $1 and id = $2"
    }
    write fn move_webhook(id: &str, position: i64) -> u64 {
        "update webhook set position = $3 where company_id = $1 and id = $2"
    }
    write fn switch_webhook_off(id: &str) -> u64 {
        "update webhook set is_active = 0 where company_id = $1 and id = $2"
    }
    /// The companies with events that webhooks have not looked at.
    global fn companies_with_news() -> Vec<NumberRow> {
        "select distinct w.company_id as value from webhook w join counter c on c.company_id = w.company_id
         where w.is_active = 1 and w.position < c.last_event"
    }
    /// Whether there is a webhook at all.
    global fn any_webhook() -> Option<TextRow> {
        "select id as value from webhook where is_active = 1 limit 1"
    }

    /// Puts an event on its way; behind what is on its way of the same subject.
    write fn insert_delivery(webhook_id: &str, seq: i64, kind: &str, subject: &str, body: &str, at: i64, give_up_at: i64) -> u64 {
        "insert into delivery (company_id, webhook_id, seq, kind, subject, body, at, next_at, give_up_at, attempts, state)
         select $1, $2, $3, $4, $5, $6, $7, $7, $8, 0, case when exists
           (select 1 from delivery where company_id = $1 and webhook_id = $2 and subject = $5 and state in ('queued', 'waiting'))
           then 'queued' else 'waiting' end"
    }
    read fn delivery(webhook_id: &str, seq: i64) -> Option<DeliveryRow> {
        "select seq, kind, state, at, attempts, next_at, status, cause, done_at from delivery
         where company_id = $1 and webhook_id = $2 and seq = $3"
    }
    /// The deliveries before this one, the last first.
    read fn deliveries(webhook_id: &str, before: i64, limit: i64) -> Vec<DeliveryRow> {
        "select seq, kind, state, at, attempts, next_at, status, cause, done_at from delivery
         where company_id = $1 and webhook_id = $2 and seq < $3 order by seq desc limit $4 + 0"
    }
    read fn deliveries_in_state(webhook_id: &str, state: &str, before: i64, limit: i64) -> Vec<DeliveryRow> {
        "select seq, kind, state, at, attempts, next_at, status, cause, done_at from delivery
         where company_id = $1 and webhook_id = $2 and state = $3 and seq < $4 order by seq desc limit $5 + 0"
    }
    /// How many are on their way, as far as they were counted.
    read fn open_deliveries(webhook_id: &str, most: i64) -> Option<NumberRow> {
        "select count(*) as value from (select 1 from delivery where company_id = $1 and webhook_id = $2
         and state in ('queued', 'waiting') limit $3 + 0) few"
    }
    /// The companies with something that is to be delivered by then, some of them.
    global fn companies_with_deliveries(until: i64) -> Vec<NumberRow> {
        "select distinct company_id as value from (select company_id from delivery where state = 'waiting' and next_at <= $1
         order by next_at limit 1000) few"
    }
    /// When the next delivery after then is due, of whichever company.
    global fn next_delivery(after: i64) -> Option<NumberRow> {
        "select next_at as value from delivery where state = 'waiting' and next_at > $1 order by next_at limit 1"
    }
    /// Takes what is due by then for this time: nobody else does so meanwhile.
    write fn claim_deliveries(until: i64, next_at: i64, most: i64) -> Vec<ClaimedRow> {
        "update delivery set next_at = $3, attempts = attempts + 1 where company_id = $1 and state = 'waiting'
         and (webhook_id, seq) in (select webhook_id, seq from delivery where company_id = $1 and state = 'waiting'
         and next_at <= $2 order by next_at limit $4 + 0) returning webhook_id, seq, subject, body, attempts, give_up_at"
    }
    /// Says what became of one that is waiting.
    write fn end_delivery(webhook_id: &str, seq: i64, state: &str, status: Option<i64>, cause: Option<&str>, done_at: i64) -> u64 {
        "update delivery set state = $4, status = $5, cause = $6, done_at = $7
         where company_id = $1 and webhook_id = $2 and seq = $3 and state = 'waiting'"
    }
    /// Says when one that is waiting is tried again, and why.
    write fn retry_delivery(webhook_id: &str, seq: i64, next_at: i64, status: Option<i64>, cause: Option<&str>) -> u64 {
        "update delivery set next_at = $4, status = $5, cause = $6
         where company_id = $1 and webhook_id = $2 and seq = $3 and state = 'waiting'"
    }
    /// Lets the next of a subject go, unless one is waiting.
    write fn next_of_subject(webhook_id: &str, subject: &str, next_at: i64) -> u64 {
        "update delivery set state = 'waiting', next_at = $4 where company_id = $1 and webhook_id = $2 and state = 'queued' and seq =
           (select seq from delivery where company_id = $1 and webhook_id = $2 and subject = $3 and state in ('queued', 'waiting')
            order by seq limit 1)
         and not exists (select 1 from delivery where company_id = $1 and webhook_id = $2 and subject = $3
           and state in ('queued', 'waiting') and state = 'waiting')"
    }
    /// Puts one that has ended on its way again.
    write fn redeliver(webhook_id: &str, seq: i64, now: i64, give_up_at: i64) -> Option<TextRow> {
        "update delivery set state = 'queued', next_at = $4, give_up_at = $5, attempts = 0, done_at = null
         where company_id = $1 and webhook_id = $2 and seq = $3 and state in ('delivered', 'failed') returning subject as value"
    }
    /// Ends all that is on its way to a webhook.
    write fn end_deliveries(webhook_id: &str, cause: &str, done_at: i64) -> u64 {
        "update delivery set state = 'failed', cause = $3, done_at = $4
         where company_id = $1 and webhook_id = $2 and state in ('queued', 'waiting')"
    }
    /// Removes some that have ended and were made before.
    write fn forget_deliveries(before: i64, most: i64) -> u64 {
        "delete from delivery where company_id = $1 and (webhook_id, seq) in (select webhook_id, seq from delivery
         where company_id = $1 and at < $2 and state in ('delivered', 'failed') limit $3 + 0)"
    }
    /// Removes some of a webhook's.
    write fn delete_deliveries(webhook_id: &str, most: i64) -> u64 {
        "delete from delivery where company_id = $1 and webhook_id = $2 and seq in (select seq from delivery
         where company_id = $1 and webhook_id = $2 limit $3 + 0)"
    }
}
