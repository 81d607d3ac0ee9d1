/** Everything that is decided by arithmetic or chance rather than by the network. Pure functions; chance comes from a seeded `Random`. */
export { ddimSteps } from "./ddim.ts";
export { type DenoiseInput, denoiseStep, type StepCoefficients, stepCoefficients } from "./denoise.ts";
export { dpmSolverSteps } from "./dpm-solver.ts";
export { type GuidanceSchedule, guidanceScale, guidanceSchedules, isGuided, type RoundInterval } from "./guidance.ts";
export { type MaskRound, maskRounds, tokensToPredict } from "./mask-schedule.ts";
export { type NoiseSchedule, type NoiseScheduleOptions, noiseSchedule } from "./noise-schedule.ts";
export { drawOrder, maskFromOrder, tokensBetween } from "./orders.ts";
export { respacedSteps } from "./respacing.ts";
export { planRounds, type RoundPlan, type RoundPlanOptions } from "./round-plan.ts";
export { type Sampler, samplers, solverSteps } from "./samplers.ts";
export { type Prediction, type SolverInput, type SolverStep, solverStep } from "./solver.ts";
export { annealedSteps, type Steps } from "./step-annealing.ts";
export { chooseToken, type TextDecoding } from "./text-decoding.ts";
export { trainingMask, trainingMaskCount } from "./training-mask.ts";
