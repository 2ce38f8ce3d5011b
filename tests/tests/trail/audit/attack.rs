//! What somebody with every right in the database could do to a trail.

use ashlar_audit::{
    Checkpoint, Digest32, Head, Origin, Tampering,
    port::TrailStore as _,
    verify::{Body, SealedRow},
};
use ashlar_crypto::AuditKey;
use ashlar_kernel::{EventRecord, TenantId};
use ashlar_sql::SqlStore;
use uuid::Uuid;

use super::Raw;

/// A database with a trail of `size` links, from which every trigger was taken.
pub(crate) struct Victim {
    pub(crate) raw: Raw,
    pub(crate) store: SqlStore,
    pub(crate) size: u64,
    pub(crate) origin: Origin,
}

/// Where a tampering is to be found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    At(u64),
    /// It has no number.
    Beside,
    /// Checkpoints say no more than that it is one of several, this one among them.
    Around(u64),
}

const TABLES: [&str; 4] = ["event", "audit_chain", "audit_head", "audit_checkpoint"];

impl Victim {
    /// Takes the guards away and copies everything.
    pub(crate) async fn disarm(&mut self) {
        match self.raw {
            Raw::Postgres(_) => {
                for table in ["event", "audit_chain", "audit_tree"] {
                    self.raw.run(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await;
                }
            }
            Raw::Sqlite(_) => {
                for trigger in ["no_update", "no_delete", "no_replace", "announced"] {
                    self.raw.run(&format!("DROP TRIGGER event_{trigger}")).await;
                }
                for trigger in ["no_update", "no_delete", "no_replace"] {
                    self.raw.run(&format!("DROP TRIGGER audit_chain_{trigger}")).await;
                }
                for trigger in ["head_grows", "head_no_delete", "checkpoint_no_rewrite", "checkpoint_no_delete"] {
                    self.raw.run(&format!("DROP TRIGGER audit_{trigger}")).await;
                }
            }
        }
        for table in TABLES {
            self.raw.run(&format!("CREATE TABLE copy_of_{table} AS SELECT * FROM {table}")).await;
        }
    }

    /// Puts everything back.
    pub(crate) async fn heal(&mut self) {
        let own_positions = if matches!(self.raw, Raw::Postgres(_)) { "OVERRIDING SYSTEM VALUE" } else { "" };
        let mut sql = "BEGIN;".to_owned();
        for table in TABLES {
            let positions = if table == "event" { own_positions } else { "" };
            let anew = format!("DELETE FROM {table}; INSERT INTO {table} {positions} SELECT * FROM copy_of_{table};");
            sql.push_str(&anew);
        }
        self.raw.run(&(sql + "COMMIT")).await;
    }

    /// Tampers with link `seq` (and `other`), in one of several ways.
    pub(crate) async fn attack(&mut self, kind: Tampering, (seq, other): (u64, u64), way: usize) -> Place {
        match kind {
            Tampering::Modified => self.modify(seq, way).await,
            Tampering::Deleted => self.delete(seq, way).await,
            Tampering::Inserted => self.insert(seq, way).await,
            Tampering::Reordered => self.reorder(seq.min(other), seq.max(other), way).await,
            Tampering::Forked => self.fork(seq).await,
            Tampering::Truncated => self.truncate(seq).await,
            Tampering::Forged => self.forge(seq).await,
        }
    }

    async fn rows(&self) -> Vec<SealedRow> {
        self.store.snapshot().await.unwrap().rows(TenantId::MAIN, 0, 10_000).await.unwrap()
    }

    async fn modify(&mut self, seq: u64, way: usize) -> Place {
        let event = format!("UPDATE event SET {{}} WHERE id = (SELECT event_id FROM audit_chain WHERE seq = {seq})");
        let zeros = self.raw.bytes(&[0; 32]);
        let ways = [
            "outcome = 'failed'",
            "name = 'x.y'",
            "actor_id = 'nobody'",
            "occurred_at = '2001-01-01T00:00:00.000+00:00'",
            "targets = '[]'",
            "data = '{\"x\":1}'",
            "source = '{\"ip\":\"192.0.2.9\"}'",
            "diff = '17'",
            "request_id = 'other'",
            "traceparent = 'x'",
        ];
        let sql = match ways.get(way % (ways.len() + 2)) {
            Some(change) => event.replace("{}", change),
            None if way.is_multiple_of(2) => format!("UPDATE audit_chain SET leaf = {zeros} WHERE seq = {seq}"),
            None => format!("UPDATE audit_chain SET hash = {zeros} WHERE seq = {seq}"),
        };
        self.raw.run(&sql).await;
        Place::At(seq)
    }

    async fn delete(&mut self, seq: u64, way: usize) -> Place {
        // A missing last link is a chain that was cut off, which is another kind.
        let seq = seq.min(self.size - 1);
        let event = format!("DELETE FROM event WHERE id = (SELECT event_id FROM audit_chain WHERE seq = {seq});");
        let link = format!("DELETE FROM audit_chain WHERE seq = {seq};");
        let sql = match way % 3 {
            0 => event,
            1 => link,
            _ => format!("{event}{link}{}", renumber(seq, -1)),
        };
        self.raw.run(&sql).await;
        Place::At(seq)
    }

    async fn insert(&mut self, seq: u64, way: usize) -> Place {
        let seq = seq.min(self.size - 1);
        let rows = self.rows().await;
        let mut event = event_of(&rows[usize::try_from(seq).unwrap()]);
        let (old, new) = (event.id, Uuid::from_u128(0xFEED));
        event.id = new;
        let columns = "tenant_id, occurred_at, name, schema_version, actor_type, actor_id, actor_session, targets, \
                       outcome, diff, data, source, request_id, traceparent, format";
        let (new_id, old_id) = (self.raw.id(new), self.raw.id(old));
        let insert =
            format!("INSERT INTO event (id, {columns}) SELECT {new_id}, {columns} FROM event WHERE id = {old_id}");
        self.raw.run(&insert).await;
        if way.is_multiple_of(2) {
            return Place::Beside;
        }
        let before = rows.iter().take(usize::try_from(seq - 1).unwrap()).map(event_of).collect::<Vec<_>>();
        let link = Head::new(TenantId::MAIN).extend(before.iter().chain([&event])).unwrap().links.pop().unwrap();
        let [tenant, leaf, prev, hash] = [
            self.raw.id(TenantId::MAIN.as_uuid()),
            self.raw.bytes(link.leaf.as_bytes()),
            self.raw.bytes(link.prev.as_bytes()),
            self.raw.bytes(link.hash.as_bytes()),
        ];
        let values = format!("{tenant}, {seq}, {new_id}, {leaf}, {prev}, {hash}");
        let insert = format!(
            "INSERT INTO audit_chain (tenant_id, seq, event_id, leaf, prev, hash, sealed_at) \
             SELECT {values}, sealed_at FROM audit_chain WHERE seq = {};",
            seq + 1,
        );
        self.raw.run(&format!("{}{insert}", renumber(seq - 1, 1))).await;
        Place::At(seq)
    }

    async fn reorder(&mut self, first: u64, second: u64, way: usize) -> Place {
        let rows = self.rows().await;
        let event = |seq: u64| rows[usize::try_from(seq - 1).unwrap()].link.event;
        let sql = if way.is_multiple_of(2) {
            let [one, two, spare] = [event(first), event(second), Uuid::from_u128(0xBEEF)].map(|id| self.raw.id(id));
            format!(
                "UPDATE audit_chain SET event_id = {spare} WHERE seq = {first};
                 UPDATE audit_chain SET event_id = {one} WHERE seq = {second};
                 UPDATE audit_chain SET event_id = {two} WHERE seq = {first};"
            )
        } else {
            format!(
                "UPDATE audit_chain SET seq = 100000 WHERE seq = {first};
                 UPDATE audit_chain SET seq = {first} WHERE seq = {second};
                 UPDATE audit_chain SET seq = {second} WHERE seq = 100000;"
            )
        };
        self.raw.run(&sql).await;
        Place::At(first)
    }

    /// Changes an event and computes everything behind it anew.
    async fn fork(&mut self, seq: u64) -> Place {
        self.modify(seq, 0).await;
        let events: Vec<_> = self.rows().await.iter().map(event_of).collect();
        let anew = Head::new(TenantId::MAIN).extend(&events).unwrap();
        let mut sql = String::new();
        for link in anew.links.iter().filter(|link| link.seq >= seq) {
            let [leaf, prev, hash] = [link.leaf, link.prev, link.hash].map(|digest| self.raw.bytes(digest.as_bytes()));
            let seq = link.seq;
            let update =
                format!("UPDATE audit_chain SET leaf = {leaf}, prev = {prev}, hash = {hash} WHERE seq = {seq};");
            sql.push_str(&update);
        }
        self.raw.run(&sql).await;
        self.write_head(&anew.head).await;
        Place::Around(seq)
    }

    /// Cuts the trail off before link `seq`, and covers it up.
    async fn truncate(&mut self, seq: u64) -> Place {
        let kept: Vec<_> = self.rows().await.iter().filter(|row| row.link.seq < seq).map(event_of).collect();
        self.raw
            .run(&format!(
                "DELETE FROM event WHERE id IN (SELECT event_id FROM audit_chain WHERE seq >= {seq});
                 DELETE FROM audit_chain WHERE seq >= {seq}; DELETE FROM audit_checkpoint WHERE size >= {seq};"
            ))
            .await;
        self.write_head(&Head::new(TenantId::MAIN).extend(&kept).unwrap().head).await;
        Place::At(seq)
    }

    async fn write_head(&mut self, head: &Head) {
        if head.size() == 0 {
            return self.raw.run("DELETE FROM audit_head").await;
        }
        let peaks: Vec<u8> = head.frontier().peaks().iter().flat_map(|peak| *peak.as_bytes()).collect();
        let (hash, peaks) = (self.raw.bytes(head.hash().as_bytes()), self.raw.bytes(&peaks));
        let sql = format!("UPDATE audit_head SET size = {}, hash = {hash}, peaks = {peaks}", head.size());
        self.raw.run(&sql).await;
    }

    /// Puts a checkpoint of its own making in the place of one.
    async fn forge(&mut self, seq: u64) -> Place {
        let (size, root) = ((seq / 10).max(1) * 10, Digest32::leaf(b"anything"));
        let forged = Checkpoint { origin: self.origin.of(TenantId::MAIN), size, root };
        let note = forged.sign(&AuditKey::generate().unwrap()).unwrap();
        self.raw.run(&format!("UPDATE audit_checkpoint SET note = '{note}' WHERE size = {size}")).await;
        Place::At(size)
    }
}

/// The links after `seq` move.
fn renumber(seq: u64, by: i64) -> String {
    format!(
        "UPDATE audit_chain SET seq = seq + 100000 WHERE seq > {seq};
         UPDATE audit_chain SET seq = seq - 100000 + {by} WHERE seq > 100000;"
    )
}

fn event_of(row: &SealedRow) -> EventRecord {
    match &row.body {
        Body::Event(event) => (**event).clone(),
        other => panic!("{other:?}"),
    }
}
