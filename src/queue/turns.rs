//! Whose turn it is: in turns between clients, and first come, first served within one. No IO, and no clock.

use std::collections::{HashMap, VecDeque};

use crate::client::Client;

/// A job that waits or runs.
pub(super) type Ticket = u64;

/// The jobs that wait and those that run.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    /// Slots that nobody uses.
    free: usize,
    next: Ticket,
    /// Jobs that run, the one that began first before the others.
    running: VecDeque<(Ticket, Client)>,
    /// Clients with jobs that wait; whose turn is next comes first.
    ring: VecDeque<Client>,
    clients: HashMap<Client, Line>,
}

/// The jobs of one client.
#[derive(Clone, Debug, Default)]
struct Line {
    running: usize,
    most_running: usize,
    waiting: VecDeque<Ticket>,
}

impl Turns {
    /// Nobody waits for these slots yet.
    pub(super) fn new(slots: usize) -> Self {
        Self {
            free: slots,
            next: 0,
            running: VecDeque::new(),
            ring: VecDeque::new(),
            clients: HashMap::new(),
        }
    }

    /// A job comes, of a client that may have so many running at a time. It waits until [`Self::begin`] names it.
    pub(super) fn arrive(&mut self, client: &Client, most_running: usize) -> Ticket {
        let ticket = self.next;
        self.next += 1;
        let line = self.clients.entry(client.clone()).or_default();
        line.most_running = most_running;
        if line.waiting.is_empty() {
            self.ring.push_back(client.clone());
        }
        line.waiting.push_back(ticket);
        ticket
    }

    /// Begins the job whose turn it is, if a slot is free. A client that has all it may have is passed over, and keeps
    /// its place in the ring.
    pub(super) fn begin(&mut self) -> Option<Ticket> {
        if self.free == 0 {
            return None;
        }
        let may_begin =
            |client| self.clients.get(client).is_some_and(|line| line.running < line.most_running);
        let place = self.ring.iter().position(may_begin)?;
        let client = self.ring.remove(place)?;
        let line = self.clients.get_mut(&client)?;
        let ticket = line.waiting.pop_front()?;
        line.running += 1;
        if !line.waiting.is_empty() {
            self.ring.push_back(client.clone());
        }
        self.free -= 1;
        self.running.push_back((ticket, client));
        Some(ticket)
    }

    /// A job goes, whether it waits or runs.
    pub(super) fn leave(&mut self, ticket: Ticket, client: &Client) {
        let Some(line) = self.clients.get_mut(client) else { return };
        if let Some(place) = line.waiting.iter().position(|waiting| *waiting == ticket) {
            line.waiting.remove(place);
            if line.waiting.is_empty() {
                self.ring.retain(|waiting| waiting != client);
            }
        } else if let Some(place) = self.running.iter().position(|(running, _)| *running == ticket) {
            self.running.remove(place);
            line.running -= 1;
            self.free += 1;
        }
        if line.running == 0 && line.waiting.is_empty() {
            self.clients.remove(client);
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.clients.values().map(|line| line.waiting.len()).sum()
    }

    /// How many of a client wait.
    pub(super) fn waiting_of(&self, client: &Client) -> usize {
        self.clients.get(client).map_or(0, |line| line.waiting.len())
    }

    /// Those who wait, in the order in which their turns come if nobody else does and jobs end in the order in which
    /// they began. It is found out by doing so.
    pub(super) fn order(&self) -> Vec<Ticket> {
        let mut ahead = self.clone();
        let mut order = Vec::with_capacity(ahead.waiting());
        loop {
            while let Some(ticket) = ahead.begin() {
                order.push(ticket);
            }
            match ahead.running.front().cloned() {
                Some((ticket, client)) if !ahead.ring.is_empty() => ahead.leave(ticket, &client),
                _ => return order,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn client(number: u8) -> Client {
        Client::Address(Ipv4Addr::new(192, 0, 2, number).into())
    }

    fn begin_all(turns: &mut Turns) -> Vec<Ticket> {
        std::iter::from_fn(|| turns.begin()).collect()
    }

    #[test]
    fn clients_take_turns_and_each_keeps_its_own_order() {
        let mut turns = Turns::new(1);
        let [a, b] = [client(1), client(2)];
        let running = turns.arrive(&a, 9);
        assert_eq!(turns.begin(), Some(running));
        let [a1, a2, a3] = [(); 3].map(|()| turns.arrive(&a, 9));
        let b1 = turns.arrive(&b, 9);
        assert_eq!(turns.begin(), None);
        assert_eq!(turns.order(), [a1, b1, a2, a3]);
        turns.leave(a1, &a);
        assert_eq!(turns.order(), [a2, b1, a3]);
    }

    #[test]
    fn who_has_all_it_may_have_lets_others_pass_and_comes_first_afterwards() {
        let mut turns = Turns::new(3);
        let [a, b] = [client(1), client(2)];
        let [a1, a2, a3] = [(); 3].map(|()| turns.arrive(&a, 1));
        let [b1, b2, b3] = [(); 3].map(|()| turns.arrive(&b, 9));
        assert_eq!(begin_all(&mut turns), [a1, b1, b2]);
        assert_eq!(turns.order(), [a2, b3, a3]);
        turns.leave(b1, &b);
        assert_eq!(turns.begin(), Some(b3));
        turns.leave(b2, &b);
        assert_eq!(turns.begin(), None, "the only one who waits has its run");
        turns.leave(a1, &a);
        assert_eq!(turns.begin(), Some(a2));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Arrive(u8),
        /// One of those who wait goes away.
        GiveUp(prop::sample::Index),
        /// One of those who run ends.
        End(prop::sample::Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0_u8..5).prop_map(Step::Arrive),
            1 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
            3 => any::<prop::sample::Index>().prop_map(Step::End),
        ];
        prop::collection::vec(step, 1..200)
    }

    struct Waiting {
        ticket: Ticket,
        client: u8,
    }

    proptest! {
        /// Whatever comes and goes: no slot is lost or given twice, nobody has more than its share, nobody waits while it
        /// could run, each client keeps its order, nobody is passed over twice by the same client, and the order that is
        /// told is the one that comes about.
        #[test]
        fn turns_are_fair(slots in 1_usize..5, shares in prop::array::uniform5(1_usize..4), steps in steps()) {
            let mut turns = Turns::new(slots);
            let mut waiting: Vec<Waiting> = Vec::new();
            let mut running: Vec<(Ticket, u8)> = Vec::new();
            // How often each client has begun while another waited and could have begun.
            let mut passed = HashMap::<(u8, u8), usize>::new();
            for step in steps {
                let promised = turns.order();
                let goes_as_promised = match step {
                    Step::Arrive(number) => {
                        let ticket = turns.arrive(&client(number), shares[usize::from(number)]);
                        waiting.push(Waiting { ticket, client: number });
                        false
                    }
                    Step::GiveUp(which) if !waiting.is_empty() => {
                        let gone = waiting.remove(which.index(waiting.len()));
                        turns.leave(gone.ticket, &client(gone.client));
                        if !waiting.iter().any(|it| it.client == gone.client) {
                            passed.retain(|(_, waits), _| *waits != gone.client);
                        }
                        false
                    }
                    Step::End(which) if !running.is_empty() => {
                        let oldest_first = which.index(running.len());
                        let (ticket, number) = running.remove(oldest_first);
                        turns.leave(ticket, &client(number));
                        oldest_first == 0
                    }
                    Step::GiveUp(_) | Step::End(_) => continue,
                };
                let begun = begin_all(&mut turns);
                if goes_as_promised {
                    prop_assert!(promised.starts_with(&begun), "{promised:?} {begun:?}");
                }
                for ticket in begun {
                    let place = waiting.iter().position(|it| it.ticket == ticket).expect("one that waits");
                    let begins = waiting.remove(place).client;
                    prop_assert!(!waiting.iter().any(|it| it.client == begins && it.ticket < ticket));
                    passed.retain(|(_, waits), _| *waits != begins);
                    for other in 0..5_u8 {
                        let held = running.iter().filter(|(_, it)| *it == other).count() >= shares[usize::from(other)];
                        if other == begins || held || !waiting.iter().any(|it| it.client == other) {
                            continue;
                        }
                        let times = passed.entry((begins, other)).or_default();
                        *times += 1;
                        prop_assert!(*times <= 1, "{begins} passed {other} twice");
                    }
                    running.push((ticket, begins));
                }
                prop_assert!(running.len() <= slots);
                for number in 0..5_u8 {
                    let has = running.iter().filter(|(_, it)| *it == number).count();
                    prop_assert!(has <= shares[usize::from(number)]);
                    let waits = waiting.iter().filter(|it| it.client == number).count();
                    prop_assert_eq!(turns.waiting_of(&client(number)), waits);
                    prop_assert!(waits == 0 || running.len() == slots || has == shares[usize::from(number)]);
                }
                prop_assert_eq!(turns.waiting(), waiting.len());
                let mut order = turns.order();
                order.sort_unstable();
                let mut tickets: Vec<Ticket> = waiting.iter().map(|it| it.ticket).collect();
                tickets.sort_unstable();
                prop_assert_eq!(order, tickets);
            }
        }
    }
}
