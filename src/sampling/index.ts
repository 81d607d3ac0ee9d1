/** Everything that is decided by arithmetic or chance rather than by the network. Pure functions; chance comes from a seeded `Random`. */
export { type DenoiseInput, denoiseStep, type StepCoefficients, stepCoefficients } from "./denoise.ts";
export { type GuidanceSchedule, guidanceScale, guidanceSchedules } from "./guidance.ts";
export { type MaskRound, maskRounds, tokensToPredict } from "./mask-schedule.ts";
export { type NoiseSchedule, type NoiseScheduleOptions, noiseSchedule } from "./noise-schedule.ts";
export { drawOrder, maskFromOrder, tokensBetween } from "./orders.ts";
export { respacedSteps } from "./respacing.ts";
export { chooseToken, type TextDecoding } from "./text-decoding.ts";
export { trainingMask, trainingMaskCount } from "./training-mask.ts";
