//! Places for a few at a time, given to those who wait by turns: first one of each network, then the next of each. Who
//! asks for many waits for himself, and keeps nobody else waiting for longer than one of his own.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::domain::network;

/// Places, and who waits for one.
pub struct Turns {
    /// The most that may wait, of one network.
    most: usize,
    waiting: Mutex<Waiting>,
}

struct Waiting {
    free: usize,
    /// The networks of which somebody waits, the next first.
    turns: VecDeque<IpAddr>,
    of_network: HashMap<IpAddr, VecDeque<oneshot::Sender<Place>>>,
}

/// A place, until it is dropped.
pub struct Place {
    /// `None` once it has been given back.
    turns: Option<Arc<Turns>>,
}

/// More wait than may.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany;

impl Turns {
    #[must_use]
    pub fn new(places: usize, most: usize) -> Arc<Self> {
        let waiting = Waiting { free: places, turns: VecDeque::new(), of_network: HashMap::new() };
        Arc::new(Self { most, waiting: Mutex::new(waiting) })
    }

    /// Waits for a place. Whoever stops waiting gives up his turn.
    pub async fn place(self: &Arc<Self>, address: IpAddr) -> Result<Place, TooMany> {
        let network = network::of(address);
        let turn = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.free > 0 {
                waiting.free -= 1;
                return Ok(Place { turns: Some(self.clone()) });
            }
            waiting.queue(network, self.most)?
        };
        // The sender is kept until it has sent: places are given back as long as there are any.
        turn.await.map_err(|_| TooMany)
    }

    fn give(self: &Arc<Self>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = Place { turns: Some(self.clone()) };
        while let Some(next) = waiting.next() {
            match next.send(place) {
                Ok(()) => return,
                // He does not wait any more.
                Err(left) => place = left,
            }
        }
        place.turns = None;
        waiting.free += 1;
    }
}

impl Waiting {
    fn queue(&mut self, network: IpAddr, most: usize) -> Result<oneshot::Receiver<Place>, TooMany> {
        let queue = self.of_network.entry(network).or_default();
        if queue.len() >= most {
            queue.retain(|waiting| !waiting.is_closed());
            if queue.len() >= most {
                return Err(TooMany);
            }
        }
        if queue.is_empty() && !self.turns.contains(&network) {
            self.turns.push_back(network);
        }
        let (turn, comes) = oneshot::channel();
        queue.push_back(turn);
        Ok(comes)
    }

    fn next(&mut self) -> Option<oneshot::Sender<Place>> {
        loop {
            let network = self.turns.pop_front()?;
            let queue = self.of_network.get_mut(&network);
            let next = queue.and_then(|queue| {
                let next = queue.pop_front();
                (!queue.is_empty()).then(|| self.turns.push_back(network));
                next
            });
            if self.of_network.get(&network).is_some_and(VecDeque::is_empty) {
                self.of_network.remove(&network);
            }
            if next.is_some() {
                return next;
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.give();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn ask(turns: &Arc<Turns>, address: &str) -> tokio::task::JoinHandle<Result<Place, TooMany>> {
        let (turns, address) = (turns.clone(), address.parse().unwrap());
        tokio::spawn(async move { turns.place(address).await })
    }

    #[tokio::test]
    async fn each_network_has_its_turn() {
        let turns = Turns::new(1, 100);
        let at_work = turns.place("192.0.2.9".parse().unwrap()).await.unwrap();
        let mut many: VecDeque<_> = (0..50).map(|_| ask(&turns, "192.0.2.1")).collect();
        tokio::task::yield_now().await;
        let (other, v6) = (ask(&turns, "192.0.2.2"), [ask(&turns, "2001:db8::1"), ask(&turns, "2001:db8::2")]);
        tokio::task::yield_now().await;
        drop(at_work);
        // One of the many, then each of the others.
        drop(many.pop_front().unwrap().await.unwrap());
        drop(other.await.unwrap());
        let [first, second] = v6;
        drop(first.await.unwrap());
        // The second of the same network comes after another of the many.
        drop(many.pop_front().unwrap().await.unwrap());
        drop(second.await.unwrap());
        assert!(many.iter().any(|task| !task.is_finished()));
        for task in many {
            drop(task.await.unwrap());
        }
        assert_eq!(turns.waiting.lock().unwrap().free, 1);
        assert!(turns.waiting.lock().unwrap().of_network.is_empty());
    }

    #[tokio::test]
    async fn whoever_leaves_gives_up_his_turn_and_too_many_are_told() {
        let turns = Turns::new(1, 3);
        let address = "192.0.2.1".parse().unwrap();
        let at_work = turns.place(address).await.unwrap();
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..10 {
            let mut leaves = pin!(turns.place(address));
            assert!(leaves.as_mut().poll(&mut context).is_pending());
        }
        let mut stay: Vec<_> = (0..3).map(|_| Box::pin(turns.place(address))).collect();
        for stays in &mut stay {
            assert!(stays.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(turns.place(address).await.err(), Some(TooMany));
        drop(at_work);
        // The first has it now; he leaves before he has seen it.
        drop(stay.remove(0));
        for mut stays in stay {
            let Poll::Ready(Ok(place)) = stays.as_mut().poll(&mut context) else { panic!("the place is lost") };
            drop(place);
        }
        drop(turns.place(address).await.unwrap());
    }
}
