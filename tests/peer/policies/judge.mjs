// Asks @cloud-copilot/iam-simulate about trust policies: one JSON line in, one out. tests/policy_peer.rs runs it where
// tests/peer/policies/install has put the evaluator.
//
// In:  {"role": ARN, "policy": DOCUMENT, "asks": [{"principal": TEXT, "actions": [TEXT], "context": {KEY: TEXT or LIST}}]}
// Out: {"refused": [TEXT], "answers": [["Allowed" | "ImplicitlyDenied" | "ExplicitlyDenied"]]}, an answer for each action of each question.
//      There are none about a refused document.
//
// `runSimulation` drops the condition keys of EKS's issuers, because it takes no slash in them. So the policy is checked by itself, and
// `runUnsafeSimulation` evaluates it.

import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(process.cwd() + '/')
const { createValidatedPolicy, validateTrustPolicy } = require('@cloud-copilot/iam-policy')
const { runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')

// A caller with credentials of AWS needs a policy of its own beside the trust policy, unless that names it.
const EVERYTHING = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

function answer(resourcePolicy, role, action, { principal, context }) {
  const identity = principal.startsWith('arn:') && !principal.includes(':oidc-provider/')
  return runUnsafeSimulation(
    {
      identityPolicies: identity ? [{ name: 'identity', policy: EVERYTHING }] : [],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
      request: {
        principal,
        action,
        resource: { resource: role, accountId: role.split(':')[4] },
        contextVariables: context
      }
    },
    {}
  )
}

// What is wrong with a document. The check throws at null where an object belongs, which IAM does not take either.
function errors(policy) {
  try {
    return validateTrustPolicy(policy).map(({ path, message }) => `${path}: ${message}`)
  } catch (error) {
    return [error.message]
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { role, policy, asks } = JSON.parse(line)
  const refused = errors(policy)
  // With a name, for an evaluation without one fails.
  const resourcePolicy = createValidatedPolicy(policy, () => refused, { name: 'trust' })
  const questions = refused.length > 0 ? [] : asks
  const answers = questions.map((ask) => ask.actions.map((action) => answer(resourcePolicy, role, action, ask)))
  process.stdout.write(JSON.stringify({ refused, answers }) + '\n')
}
