//! `doctor`: from what kubectl and aws answer on a workstation to findings. It is pure: it says which commands are due and what their answers mean.
//!
//! A module imports only those before it in this list:
//!
//! | module | holds |
//! |---|---|
//! | `target` | what the user asks about |
//! | `question` | every question, one row each: when it is asked, and with which command |
//! | `why` | why something is not known, and what keeps whole parts of the walk from being examined |
//! | `wordings` | the texts that the catalogue does not have |
//! | `answer` | what a command's end means: the document, "there is none", or why there is neither |
//! | `found` | all answers so far |
//! | `route` | the ways in which an identity reaches pods |
//! | `document` | reads of Kubernetes' and AWS's documents that several places need |
//! | `annotation` `pod` `aws_auth` | one kind of document each |
//! | `state` | what the answers come to so far: names, issuer, role, route |
//! | `admission` | which pods the API server refuses |
//! | `managed` | which program manages a role, by its tags |
//! | `commands` | which commands are due |
//! | `check` `checks` | what a check comes to, and the checks, one file for each area |
//! | `walk` | the table of checks, in the order of the report |
//! | `obstacle` | what keeps whole parts of the walk from being examined, as the report states it |
//! | `report` | the report |

mod admission;
mod annotation;
pub mod answer;
mod aws_auth;
pub mod check;
mod checks;
pub mod commands;
mod document;
pub mod found;
mod managed;
pub mod obstacle;
mod pod;
pub mod question;
pub mod report;
mod route;
mod state;
pub mod target;
pub mod walk;
mod why;
pub mod wordings;
