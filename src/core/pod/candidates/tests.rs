use super::*;

/// The number of this check's process.
const OWN: u32 = 90;

fn process(pid: u32, parent: u32, name: &str, container: &str) -> ProcessFacts {
    ProcessFacts {
        pid,
        parent,
        name: name.to_owned(),
        is_none: false,
        rights: "1000".to_owned(),
        ids: (1000, 3000),
        container: Container { cgroup: format!("0::/../{container}"), mounts: Some(format!("mnt:[{container}]")) },
        is_elsewhere: false,
        environment: Ok(Variables { has_aws: true, mark: 1 }),
    }
}

fn pause() -> ProcessFacts {
    ProcessFacts { environment: Ok(Variables { has_aws: false, mark: 0 }), ids: (65535, 65535), ..process(1, 0, "pause", "pause") }
}

fn shut(seen: ProcessFacts) -> ProcessFacts {
    ProcessFacts { environment: Err("its environment may not be read by UID 65532, GID 65532".to_owned()), ..seen }
}

/// A debug container with its shell and the check.
fn debugger() -> [ProcessFacts; 2] {
    let bare = |seen| ProcessFacts { environment: Ok(Variables { has_aws: false, mark: 9 }), ..seen };
    [bare(process(80, 0, "sh", "debug")), bare(process(OWN, 80, "irsa-probe", "debug"))]
}

fn numbers(all: &[ProcessFacts]) -> Vec<(u32, usize)> {
    candidates(all, OWN).iter().map(|candidate| (candidate.seen.pid, candidate.like_it)).collect()
}

fn with_debugger(others: Vec<ProcessFacts>) -> Vec<ProcessFacts> {
    others.into_iter().chain(debugger()).collect()
}

#[test]
fn a_pod_that_shares_its_process_namespace() {
    let pod = with_debugger(vec![pause(), process(7, 0, "checkout", "app")]);
    assert_eq!(only(&pod, OWN), Ok(7));
    let said = instead_of_pause(&pod, OWN).unwrap();
    assert!(said.contains("process 1 is the pause container's, which has no AWS_* variable"), "{said}");
    assert!(said.ends_with("7 (checkout, UID 1000, GID 3000, has AWS_* variables)"), "{said}");
    let none = Ok(Variables { has_aws: false, mark: 3 });
    let pod = with_debugger(vec![
        pause(),
        process(7, 0, "checkout", "app"),
        ProcessFacts { environment: none, ..process(9, 0, "envoy", "mesh") },
    ]);
    let said = only(&pod, OWN).unwrap_err();
    assert!(said.contains("2 processes") && said.contains("9 (envoy, UID 1000, GID 3000, has no AWS_* variable)"), "{said}");
}

#[test]
fn pause_is_told_by_its_name_and_its_environment() {
    let with_pause_environment =
        |environment| with_debugger(vec![ProcessFacts { environment, ..pause() }, process(7, 0, "checkout", "app")]);
    let has_aws = Ok(Variables { has_aws: true, mark: 4 });
    assert_eq!(instead_of_pause(&with_pause_environment(has_aws.clone()), OWN), None, "an application of that name");
    assert_eq!(numbers(&with_pause_environment(has_aws)), [(1, 0), (7, 0)]);
    let said = instead_of_pause(&with_pause_environment(Err("no".to_owned())), OWN).unwrap();
    assert!(said.starts_with("process 1 is the pause container's: "), "what could not be read is not said to be empty: {said}");
    let other = ProcessFacts { name: "pauses".to_owned(), ..pause() };
    assert_eq!(instead_of_pause(&with_debugger(vec![other, process(7, 0, "checkout", "app")]), OWN), None);
    assert_eq!(instead_of_pause(&with_debugger(vec![pause()]), OWN), None, "where there is no other process it is judged as asked");
    assert_eq!(instead_of_pause(&with_debugger(vec![ProcessFacts { pid: 2, ..pause() }, process(7, 0, "checkout", "app")]), OWN), None);
}

#[test]
fn an_application_with_workers_is_one() {
    let worker = |pid, parent| process(pid, parent, "gunicorn", "app");
    let pod = with_debugger(vec![worker(1, 0), worker(8, 1), worker(9, 1), worker(10, 9)]);
    assert_eq!((numbers(&pod), only(&pod, OWN)), (vec![(1, 3)], Ok(1)));
    // A worker that lost its parent has a parent in another container now. It is still like the application.
    let pod = with_debugger(vec![pause(), worker(7, 0), worker(9, 1)]);
    assert_eq!(numbers(&pod), [(7, 1)]);
    let mark = |mark, seen| ProcessFacts { environment: Ok(Variables { has_aws: true, mark }), ..seen };
    assert_eq!(numbers(&with_debugger(vec![worker(1, 0), mark(2, worker(8, 1))])), [(1, 0), (8, 0)], "its child has other variables");
    let other_user = ProcessFacts { rights: "33".to_owned(), ids: (33, 33), ..worker(8, 1) };
    assert_eq!(numbers(&with_debugger(vec![worker(1, 0), other_user])), [(1, 0), (8, 0)], "its child is another user");
    assert_eq!(numbers(&with_debugger(vec![process(7, 0, "app", "one"), process(9, 0, "app", "two")])), [(7, 0), (9, 0)], "two containers");
    let low = with_debugger(vec![process(30, 0, "app", "app"), process(12, 30, "app", "app")]);
    assert_eq!(numbers(&low), [(30, 1)], "a number that is lower than its parent's");
}

#[test]
fn one_that_may_not_be_read_is_listed_all_the_same() {
    let pod = with_debugger(vec![pause(), shut(process(7, 0, "checkout", "app")), shut(process(8, 7, "checkout", "app"))]);
    assert_eq!(only(&pod, OWN), Ok(7), "it is the only one, and to judge it says why it may not be read");
    let said = instead_of_pause(&pod, OWN).unwrap();
    assert!(
        said.ends_with("7 (checkout, UID 1000, GID 3000, its environment may not be read by UID 65532, GID 65532, one more like it)"),
        "{said}"
    );
    let pod = with_debugger(vec![pause(), shut(process(7, 0, "one", "app")), shut(process(8, 0, "two", "app"))]);
    assert_eq!(numbers(&pod), [(7, 1)], "a daemon that lost its parent: to read either takes the same");
    let other = ProcessFacts { rights: "2000".to_owned(), ..shut(process(8, 0, "two", "app")) };
    assert_eq!(numbers(&with_debugger(vec![pause(), shut(process(7, 0, "one", "app")), other])), [(7, 0), (8, 0)], "another user");
    let apart = with_debugger(vec![shut(process(7, 0, "one", "app")), shut(process(8, 0, "two", "other"))]);
    assert_eq!(numbers(&apart), [(7, 0), (8, 0)], "another container");
    let half = with_debugger(vec![shut(process(7, 0, "one", "app")), process(8, 7, "two", "app")]);
    assert_eq!(numbers(&half), [(7, 0), (8, 0)], "one may be read, the other may not");
    let unseen = |seen: ProcessFacts| ProcessFacts { container: Container { mounts: None, ..seen.container.clone() }, ..seen };
    let pod = with_debugger(vec![unseen(shut(process(7, 0, "one", "app"))), unseen(shut(process(8, 7, "two", "app")))]);
    assert_eq!(numbers(&pod), [(7, 1)], "the control group tells the container");
}

#[test]
fn what_is_none() {
    let pod = with_debugger(vec![
        process(7, 0, "checkout", "app"),
        ProcessFacts { is_none: true, ..process(8, 7, "zombie", "app") },
        ProcessFacts { is_none: true, ..process(2, 0, "kthreadd", "") },
        ProcessFacts { is_elsewhere: true, ..process(9, 0, "nginx", "other-pod") },
        process(11, 0, "irsa-probe", "sidecar"),
        process(91, OWN, "child", "debug"),
        process(92, 91, "grandchild", "debug"),
    ]);
    assert_eq!(numbers(&pod), [(7, 0)]);
    // This process is in the check's container, but did not start the check. So it may be the application.
    let pod = with_debugger(vec![process(7, 0, "checkout", "app"), process(81, 80, "sleep", "debug")]);
    assert_eq!(numbers(&pod), [(7, 0), (81, 0)]);
    let said = only(&with_debugger(vec![pause()]), OWN).unwrap_err();
    assert!(said.contains("no process here can be the application"), "{said}");
    assert_eq!(only(&[], OWN), only(&with_debugger(Vec::new()), OWN));
}

#[test]
fn whatever_the_parents_are_said_to_be_it_ends() {
    let round = vec![process(7, 8, "a", "app"), process(8, 7, "b", "app"), process(9, 9, "c", "app"), process(OWN, OWN, "irsa-probe", "x")];
    assert_eq!(numbers(&round), [(7, 2)]);
}

#[test]
fn many_are_cut() {
    let many: Vec<ProcessFacts> = (100..140).map(|pid| process(pid, 0, "app", &pid.to_string())).collect();
    let said = only(&with_debugger(many), OWN).unwrap_err();
    assert!(said.ends_with("115 (app, UID 1000, GID 3000, has AWS_* variables); and 24 more"), "{said}");
}
