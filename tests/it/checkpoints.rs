//! The log of the embedded engine: moved into the database file beside the writers, and never long.

use std::path::Path;

use laidian::store::{Store, database_file};

use crate::client::PATIENCE;
use crate::support::{DESK, NOW, Place};

const MIB: usize = 1 << 20;

async fn opened() -> (Place, tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::in_folder(folder.path());
    let store = place.open().await;
    laidian::demo::fill(&store, 0).await.unwrap();
    (place, folder, store)
}

fn log(folder: &Path) -> usize {
    let log = std::fs::metadata(database_file(folder).with_extension("sqlite-wal"));
    log.map_or(0, |log| usize::try_from(log.len()).unwrap())
}

async fn task(store: &Store, id: i64, name: &str) {
    let mut tx = store.company(DESK).write().await.unwrap();
    tx.put_task(id, name).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_in_the_file_soon_after() {
    let (_place, folder, store) = opened().await;
    for (id, name) in [(7001, "独一无二的任务"), (7002, "另外一个任务")] {
        task(&store, id, name).await;
        let is_there = async {
            loop {
                let file = std::fs::read(database_file(folder.path())).unwrap();
                if file.windows(name.len()).any(|piece| piece == name.as_bytes()) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, is_there).await.expect("it is never moved");
    }
    store.close().await.unwrap();
    assert_eq!(log(folder.path()), 0);
}

/// Two that write all the time, and one who reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_short_however_much_is_written() {
    const PIECE: usize = MIB / 4;
    const PIECES: i64 = 320;
    let (place, folder, store) = opened().await;
    let piece = vec![0x5a; PIECE];
    let writer = async |writer: &str| {
        let scope = store.company(DESK);
        for number in 0..PIECES {
            let id = format!("{writer}{number}");
            let mut tx = scope.write().await.unwrap();
            tx.insert_file(&id, "a", NOW, "008").await.unwrap();
            tx.insert_file_piece(&id, 0, &piece).await.unwrap();
            tx.delete_file(&format!("{writer}{}", number - 1)).await.unwrap();
            tx.delete_file_pieces(&format!("{writer}{}", number - 1), 0).await.unwrap();
            tx.commit().await.unwrap();
            scope.tasks().await.unwrap();
        }
    };
    tokio::join!(writer("a"), writer("b"));
    let (longest, written) = (log(folder.path()), 2 * PIECE * usize::try_from(PIECES).unwrap());
    assert!(longest < 80 * MIB && written == 160 * MIB, "{} MiB of {} MiB", longest / MIB, written / MIB);
    // An admin command beside it.
    let other = place.open().await;
    task(&other, 7003, "旁边的任务").await;
    other.close().await.unwrap();
    task(&store, 7004, "之后的任务").await;
    store.close().await.unwrap();
    assert_eq!(log(folder.path()), 0);
    let mut raw = place.connect().await;
    assert_eq!(raw.texts("pragma integrity_check").await, ["ok"]);
    assert_eq!(
        raw.texts("select name from task where id in (7003, 7004) order by id").await,
        ["旁边的任务", "之后的任务"]
    );
}
